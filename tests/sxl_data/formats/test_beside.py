"""What is kept beside what a reader reads."""

from __future__ import annotations

from sxl_data.formats.beside import Beside
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Origin


def kept(**more):
    builder, beside = Builder("agent"), Beside("x", Origin(source="toy", **more))
    beside.keep("/0", {"read": 1, "left": "a", "empty": ""}, "read")
    beside.keep("/0", {"more": 2})
    beside.tell(builder)
    return builder.ext


def test_the_rest_of_a_record_is_kept_at_its_place() -> None:
    assert {"x": {"/0": {"left": "a", "more": 2}}} == kept()


def test_who_only_looks_keeps_nothing() -> None:
    assert {} == kept(lossless=False)


def test_records_of_one_place_that_say_different_things_are_both_kept() -> None:
    builder, beside = Builder("agent"), Beside("x", Origin(source="toy"))
    for said in ("a", "b", "a", "c"):
        beside.keep("/0", {"left": said})
    beside.tell(builder)

    assert {"x": {"/0": {"left": "a"}, "/0 (2)": {"left": "b"}, "/0 (3)": {"left": "c"}}} == builder.ext
