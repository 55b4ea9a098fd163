from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.engine.local import InlineRunner
from sxl_data.engine.ranks import RankRunner


def rank(root: Path, number: int, of: int, patience: float = 60) -> RankRunner:
    return RankRunner(InlineRunner(root), root, number, of, patience)


def test_three_ranks_share_the_tasks_and_all_see_every_receipt(toy, tmp_path: Path):
    root = tmp_path / "work"
    tasks = [toy("double", n, n=n) for n in range(7)]
    seen: dict[int, list] = {}

    def serve(number: int) -> None:
        seen[number] = list(rank(root, number, 3).run(tasks))

    threads = [threading.Thread(target=serve, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [list(range(7))] * 3 == [sorted(r.part for r in seen[n]) for n in range(3)]
    assert [{0, 3, 6}, {1, 4}, {2, 5}] == [{r.part for r in seen[n] if not r.reused} for n in range(3)]


def test_the_share_of_a_lost_rank_is_done_by_the_others(toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tasks = [toy("double", n, n=n) for n in range(4)]
    receipts = list(rank(tmp_path / "work", 1, 2, patience=0.8).run(tasks))
    assert [0, 1, 2, 3] == sorted(r.part for r in receipts)
    assert 1 == capsys.readouterr().err.count("rank 1: waiting for the other processes of --of 2, 2 parts are theirs")


@pytest.mark.parametrize(("number", "of"), [(2, 2), (-1, 2)])
def test_a_rank_out_of_range_is_refused(tmp_path: Path, number: int, of: int):
    with pytest.raises(UserError, match="U307"):
        rank(tmp_path, number, of)
