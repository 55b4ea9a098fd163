"""Findings quote texts; no piece of what was planted in one is left in any file of a build, whoever quotes it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.pipeline import build
from sxl_data.secrets.redact import shortened
from tests.sxl_data.test_published_secrets import chat, decoded

# Composed here, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "q7Wm2Rx9Lk4Tz8Vb3Nc6Yd5Hf1Js0Pg2Ua7E"
CUT = "sk_live" + "_Mz5Qw8Er2Ty6Ui9Op3As7Df1Gh"
HOME = "wanda.lindqvist"
SECRETS = (TOKEN[4:], CUT[8:])
PIECE = 8

OWN = '''
"""Reads `said`; leaves a text out, words one itself and refuses rows, and quotes them in doing so."""

from msgspec.structs import replace
from sxl_data.contract.errors import finding
from sxl_data.trace.build import Builder
from sxl_data.trace.format import RowError


class Own:
    name, title, unit = "own", "rows that are quoted", "row"

    def detect(self, sample):
        return None

    def read(self, document, origin):
        row = document.value
        if row.get("bad"):
            raise RowError(repr(row["bad"])[:70], f"another text than {row['bad'][10:66]!r}")
        if row.get("broken"):
            raise KeyError(row["broken"][:66])
        builder = Builder("instruction", row["said"])
        builder.observe(row["said"])
        builder.say("made: " + row["said"].partition("|")[2], final=True)
        reading = builder.build(document, origin, self.name)
        said = finding("S106", file="f", pointer="", found=row["said"][:64], expected="less")
        yield replace(reading, findings=(said,))


FORMAT = Own()
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quoted")
    long = f"{'as they said it ' * 3}token={CUT} {TOKEN} /home/{HOME}/x"
    rows: list[dict[str, object]] = [{"said": f"{n} {'word ' * n}| {long}", "note": long} for n in range(1, 13)]
    rows += [{"bad": long[n:]} for n in range(40)] + [{"broken": long[n:]} for n in range(40)]
    rows += [{"said": f"say | {'x' * n} {TOKEN}", f"{TOKEN}/{HOME}": {"a/b " + CUT: long}} for n in range(30, 60)]
    pairs: list[dict[str, object]] = [{"instruction": [long[n:]], "output": "x"} for n in range(40)]
    pairs += [{"instruction": f"Ask {n}", "output": {"a": long[n:]}} for n in range(40)]
    pairs += [{"instruction": f"Say {n}", "output": f"It is {n}", "unread": long} for n in range(9)]
    chats = [chat(n, f"echo {n}", f"{n} {n * n}", **{f"x/{TOKEN}": [long]}) for n in range(12)]
    chats += [{"messages": [{"role": "user", "content": long}, {"role": long[n:], "content": "x"}]} for n in range(40)]
    for name, items in (("rows", rows), ("pairs", pairs), ("chats", chats)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    (folder / "own.py").write_text(OWN, encoding="utf-8")
    (folder / "recipe.yaml").write_text(
        "name: quoted\nsources:\n"
        "  - {name: rows, path: rows.jsonl, format: own.py, licence: MIT}\n"
        "  - {name: pairs, path: pairs.jsonl, format: instruction_pair, licence: MIT}\n"
        "  - {name: chats, path: chats.jsonl, format: openai_chat, licence: MIT}\n",
        encoding="utf-8",
    )
    build(str(folder / "recipe.yaml"), folder / "out")
    return folder / "out"


def left(folder: Path, planted: tuple[str, ...]) -> list[tuple[str, str]]:
    """Files below ``folder`` and the pieces that they hold."""
    pieces = {text[at : at + PIECE] for text in planted for at in range(len(text) - PIECE + 1)}
    said = [(path.relative_to(folder).as_posix(), decoded(path)) for path in folder.rglob("*") if path.is_file()]
    return [(name, piece) for name, text in said for piece in pieces if piece in text]


def test_no_file_of_the_build_holds_a_piece(built: Path) -> None:
    assert left(built, SECRETS) == []


@pytest.mark.parametrize("room", ["ledger", "quarantine"])
def test_what_is_said_of_rows_names_nobody(built: Path, room: str) -> None:
    assert left(built / room, (HOME,)) == []


def test_what_quotes_was_there(built: Path) -> None:
    lines = pq.read_table(built / "ledger" / "ledger.parquet").to_pylist()
    codes = {line["code"] for line in lines}
    assert {"C415", "C416", "S211", "U210", "S106"} <= codes
    assert any("SECRET_piece" in line["detail"] for line in lines)


def test_a_text_is_cut_before_a_secret() -> None:
    text = f"it ended with {TOKEN} in it"
    assert shortened(text, 30) == "it ended with "
    assert shortened(text, 10) == text[:10]
    assert shortened(text, 200) == text
