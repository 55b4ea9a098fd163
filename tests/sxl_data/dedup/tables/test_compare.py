from __future__ import annotations

from sxl_data.dedup.tables.compare import side_by_side


def test_changed_added_and_removed_lines_are_marked() -> None:
    shown = side_by_side("a\nb\nc\n", "a\nB\nc\nd\n", width=43).splitlines()[2:]
    assert [line[21] for line in shown] == ["=", "|", "=", ">"]


def test_long_equal_stretches_are_folded() -> None:
    same = "\n".join(str(k) for k in range(50))
    shown = side_by_side(same + "\nx", same + "\ny", width=43)
    assert "… 47 equal lines …" in shown


def test_long_lines_are_cut_to_the_width() -> None:
    assert all(len(line) <= 43 for line in side_by_side("x" * 99, "\ty\x1b" * 99, width=43).splitlines())
