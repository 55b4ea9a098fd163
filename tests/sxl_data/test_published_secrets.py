"""Nothing that was planted in a source is left in any file of a finished build, its work folder included."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.pipeline import build

# Composed here, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "Zk3" * 12
SPLIT = "glpat-" + "Ab1Cd2Ef3Gh4Ij5Kl6Mn"
PASSWORD = "kX8" + "mP2qL9w"
MAIL, HOME = "marie.dupont" + "@laposte.net", "mdupont"
PLANTED = (TOKEN, SPLIT, PASSWORD, MAIL, HOME)


def chat(number: int, said: str, answer: str, **more: object) -> dict[str, object]:
    call = {
        "id": f"c{number}",
        "type": "function",
        "function": {"name": "bash", "arguments": json.dumps({"command": said})},
    }
    return {
        "messages": [
            {"role": "user", "content": f"Task {number}: look at this."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": f"output {number}\n{answer}"},
            {"role": "assistant", "content": f"It is done, number {number}."},
        ],
        **more,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    rows = [
        chat(1, f"export T={TOKEN}\necho a", f"see /home/{HOME}/x, ask {MAIL}"),
        chat(2, f"set -e\nDB_PASSWORD={PASSWORD}", f"psql: {PASSWORD} refused"),
        chat(3, "cat key", f"{SPLIT[:14]}\n{SPLIT[14:]}"),
        chat(4, "ls", "a b", note={"owner": MAIL, "token": TOKEN}),
        *(chat(n, f"echo {n} {n * 7}", f"{n} {n * n}") for n in range(5, 30)),
    ]
    lines = [json.dumps(row) for row in rows]
    lines += [f'{{"messages": [{{"role": "user", "content": "{TOKEN} {MAIL}"', f"no json, T={TOKEN}"]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "recipe.yaml").write_text(
        "name: planted\nsources:\n  - {name: s, path: rows.jsonl, format: openai_chat, licence: MIT}\n",
        encoding="utf-8",
    )
    build(str(folder / "recipe.yaml"), folder / "out")
    return folder / "out"


def decoded(path: Path) -> str:
    """What a file says, tables unpacked."""
    if path.suffix != ".parquet":
        return path.read_bytes().decode("utf-8", "replace")
    return json.dumps(pq.read_table(path).to_pylist(), default=lambda value: value.decode("utf-8", "replace"))


def test_no_file_of_the_build_holds_what_was_planted(built: Path):
    files = [path for path in built.rglob("*") if path.is_file()]
    assert {"data", "quarantine", "ledger", ".work"} <= {path.relative_to(built).parts[0] for path in files}
    left = [
        (path.relative_to(built).as_posix(), secret) for path in files for secret in PLANTED if secret in decoded(path)
    ]
    assert left == []


def test_the_quarantine_says_where_something_stood(built: Path):
    rows = pq.read_table(built / "quarantine" / "quarantine.parquet").to_pylist()
    assert len(rows) == 2
    line = f"no json, T={TOKEN}"
    (row,) = [row for row in rows if row["raw"].startswith(b"no json")]
    assert row["raw"] == b"no json, T=SECRET_github_token"
    assert [(one["kind"], line[one["start"] : one["end"]]) for one in row["redactions"]] == [("github-token", TOKEN)]


def test_the_ledger_names_the_rows_that_lost_something(built: Path):
    lines = pq.read_table(built / "ledger" / "ledger.parquet").to_pylist()
    found = [(line["stage"], line["code"]) for line in lines if line["code"] in ("C703", "C706")]
    assert found.count(("clean", "C703")) == 4
    assert found.count(("clean", "C706")) == 2


def test_rows_stay_what_they_were_otherwise(built: Path):
    said = json.dumps(
        [row["messages"] for path in (built / "data").iterdir() for row in pq.read_table(path).to_pylist()]
    )
    assert "export T=SECRET_github_token\\\\necho a" in said.replace("\\\\\\\\", "\\\\")
    assert "see /home/user/x, ask user@example.com" in said
    assert "psql: SECRET_password refused" in said
