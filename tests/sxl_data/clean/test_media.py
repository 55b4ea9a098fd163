"""Media of every place of a trace are marked, kept or cost their row; everything else stays as it was."""

from __future__ import annotations

import base64
import hashlib
import json

import msgspec
import pytest

from sxl_data.clean.media import run
from sxl_data.contract.stage import check_conservation
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Result, Trace

BYTES = b"\x89PNG of a cat"
URI = "data:image/png;base64," + base64.b64encode(BYTES).decode()
DIGEST = hashlib.sha256(BYTES).hexdigest()


def trace(number: int, *parts: Part, seen: tuple[Part, ...] = (), inner: tuple[Trace, ...] = ()) -> Trace:
    return Trace(
        schema_version="1.0",
        trace_id=f"t:{number}",
        kind="agent",
        subtraces=inner,
        steps=(
            Observe(index=0, origin="user", content=(Part(text="Report the state of build 7."), *parts)),
            Act(index=1, turn=1, kind="tool", calls=(Call(call_id="a", name="f", arguments_json="{}"),)),
            Iterate(index=2, turn=1, results=(Result(call_id="a", content=(Part(text="green"), *seen)),)),
            Act(index=3, turn=2, iteration=1, kind="message", final=True, content=(Part(text="Green."),)),
        ),
        provenance=Provenance(source="toy", licence="MIT"),
    )


PICTURE = Part(type="image", uri=URI, media_type="image/png")


def test_a_marked_part_keeps_its_place_address_and_digest_and_loses_its_bytes():
    there = Part(type="audio", uri="https://example.org/a.wav", media_type="audio/wav")
    batch = to_table([trace(0), trace(1, PICTURE, seen=(there,)), trace(2)])
    outcome = run(batch, "mark")
    check_conservation("clean", batch, outcome)
    before, after = list(to_traces(batch)), list(to_traces(outcome.kept))
    assert (before[0], before[2]) == (after[0], after[2])
    assert Part(text="[image: image/png]", media_type="image/png", sha256=DIGEST) == after[1].steps[0].content[1]
    seen = after[1].steps[2].results[0].content[1]
    assert Part(text="[audio: audio/wav]", uri="https://example.org/a.wav", media_type="audio/wav") == seen
    (line,) = outcome.ledger.to_pylist()
    assert ("t:1", "edited", "C722", "audio ×1, image ×1") == tuple(
        line[key] for key in ("trace_id", "action", "code", "detail")
    )


def test_what_a_source_says_of_a_part_in_its_own_words_goes_with_the_part():
    part = Part(type="file", data_json='{"bytes":"AAAA"}', text="report.pdf")
    (after,) = to_traces(run(to_table([trace(0, part)]), "mark").kept)
    assert Part(text="[file] report.pdf") == after.steps[0].content[1]


def test_media_inside_a_subtrace_are_marked_too():
    batch = to_table([trace(0, inner=(trace(1, PICTURE, inner=(trace(2, PICTURE),)),))])
    outcome = run(batch, "mark")
    (after,) = to_traces(outcome.kept)
    one = after.subtraces[0]
    assert ["[image: image/png]"] * 2 == [t.steps[0].content[1].text for t in (one, one.subtraces[0])]
    assert "base64" not in str(outcome.kept.to_pylist())
    assert "image ×2" == outcome.ledger["detail"][0].as_py()


def test_bytes_that_a_source_repeats_beside_the_model_go_as_well():
    whole = trace(0, PICTURE)
    ext = json.dumps({"chat": {"block": {"data": URI.partition(",")[2], "url": URI, "other": "QUJDREVGRw=="}}})
    steps = (msgspec.structs.replace(whole.steps[0], ext_json=ext), *whole.steps[1:])
    (after,) = to_traces(run(to_table([msgspec.structs.replace(whole, steps=steps, ext_json=ext)]), "mark").kept)
    expected = {"chat": {"block": {"data": f"sha256:{DIGEST}", "url": f"sha256:{DIGEST}", "other": "QUJDREVGRw=="}}}
    assert expected == json.loads(after.steps[0].ext_json) == json.loads(after.ext_json)


@pytest.mark.parametrize(("policy", "rows", "action"), [("drop-row", 1, "dropped"), ("keep", 2, "flagged")])
def test_the_other_policies_edit_nothing(policy: str, rows: int, action: str):
    batch = to_table([trace(0, PICTURE), trace(1)])
    outcome = run(batch, policy)
    assert (rows, [action]) == (len(outcome.kept), outcome.ledger["action"].to_pylist())
    assert outcome.kept.equals(batch.slice(2 - rows))


def test_text_that_speaks_of_types_is_no_part():
    batch = to_table([trace(0, inner=(trace(1, Part(text='{"type":"image"}')),)), trace(2)])
    outcome = run(batch, "drop-row")
    assert (2, 0) == (len(outcome.kept), len(outcome.ledger))
