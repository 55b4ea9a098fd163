from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from sxl_data.engine.watch import Watch
from sxl_data.read.files import plan
from sxl_data.read.held import MOST_HELD
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, read_chunk


def chunk_of(tmp_path: Path, count: int = 6):
    rows = [{"instruction": f"Say {n}.", "input": "", "output": f"It is {n}."} for n in range(count)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    source = Source(name="s", path="x.jsonl")
    (chunk,) = plan(source, tmp_path)
    return source, chunk


class Recorder(Watch):
    def __init__(self, skipped: dict[int, str] | None = None) -> None:
        super().__init__(skipped)
        self.items: list[int] = []

    def at(self, item: int) -> None:
        self.items.append(item)


def test_the_watch_is_told_before_each_decoding_and_conversion(tmp_path: Path):
    watch = Recorder()
    read_chunk(*chunk_of(tmp_path, 3), "instruction_pair", watch)
    assert [0, 2, 3, 4, 5, 6, 7, 8] == watch.items


def test_a_document_that_kills_is_set_aside_and_accounted_for(tmp_path: Path):
    found = read_chunk(*chunk_of(tmp_path), "instruction_pair", Watch({7: "killed by signal 11"}))
    assert ["Say 0.", "Say 1.", "Say 3.", "Say 4.", "Say 5."] == found.traces["task"].to_pylist()
    (line,) = found.quarantine.to_pylist()
    assert ("U211", 3, "killed by signal 11") == (line["code"], line["line"], line["found"])
    assert 6 == found.documents == len(found.traces) + len(found.ledger)


def test_a_decoding_that_kills_ends_its_file_and_is_accounted_for(tmp_path: Path):
    found = read_chunk(*chunk_of(tmp_path), "instruction_pair", Watch({6: "no sign of life"}))
    assert (2, ["U211"]) == (len(found.traces), found.ledger["code"].to_pylist())


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_kills_costs_no_other(tmp_path: Path, packed: bool):
    for n in range(3):
        (tmp_path / f"{n}.json").write_text(json.dumps({"instruction": f"Say {n}.", "output": f"It is {n}."}))
    if packed:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for n in range(3):
                archive.write(tmp_path / f"{n}.json", f"{n}.json")
    source = Source(name="s", path="all.zip" if packed else "*.json")
    (chunk,) = plan(source, tmp_path)
    found = read_chunk(source, chunk, "instruction_pair", Watch({6: "no sign of life"}))
    assert ["Say 0.", "Say 2."] == found.traces["task"].to_pylist()
    assert [("1.json", "no sign of life")] == [(q["file"], q["found"]) for q in found.quarantine.to_pylist()]


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data)]
)
def test_nothing_is_kept_of_a_file_whose_checksum_fails(tmp_path: Path, pack: Callable[[bytes], bytes]):
    source, _ = chunk_of(tmp_path, 2000)
    data = bytearray(pack((tmp_path / "x.jsonl").read_bytes()))
    data[-1 if pack is not gzip.compress else -8] ^= 1  # the checksum itself: all rows could be decoded
    (tmp_path / "x.jsonl").write_bytes(data)
    found = read_chunk(source, next(plan(source, tmp_path)), "instruction_pair")
    assert (0, ["U204"]) == (len(found.traces), found.ledger["code"].to_pylist())


def test_the_format_is_found_with_its_reason(tmp_path: Path):
    source, chunk = chunk_of(tmp_path)
    (group,) = find_formats(source, [chunk])
    assert "instruction_pair" == group.format
    assert group.reason


def test_more_rows_than_are_held_as_objects_come_in_order(tmp_path: Path):
    found = read_chunk(*chunk_of(tmp_path, 2 * MOST_HELD + 3), "instruction_pair")
    assert [f"Say {n}." for n in range(2 * MOST_HELD + 3)] == found.traces["task"].to_pylist()
    assert 3 == found.traces["task"].num_chunks


def test_text_that_no_trace_holds_is_a_line_of_the_ledger(tmp_path: Path):
    path = tmp_path / "rollout.json"
    rows = [
        {"type": "session_meta", "payload": {"id": "s"}},
        {"type": "response_item", "payload": {"type": "message", "role": "user", "content": "How many?"}},
        {"type": "response_item", "payload": {"type": "whisper", "text": "nobody hears of these seven words"}},
        {"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": "Three."}},
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    source = Source(name="s", path=str(path), format="codex_rollout")
    (chunk,) = plan(source, tmp_path)
    found = read_chunk(source, chunk, "codex_rollout")
    assert len(found.traces) == 1
    (line,) = found.ledger.to_pylist()
    assert ("C415", "edited", found.traces["trace_id"][0].as_py()) == (line["code"], line["action"], line["trace_id"])
    assert "/2/payload/text" in line["detail"]
