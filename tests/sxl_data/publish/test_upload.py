"""One commit or none: the real client against a Hub that fails in every way it knows."""

from __future__ import annotations

from pathlib import Path

import datasets
import huggingface_hub.constants
import pytest

import sxl_data
from sxl_data.contract.errors import UserError
from tests.sxl_data.publish.fake_hub import TOKEN, FakeHub, Fault
from tests.sxl_data.publish.fake_repo import Repo
from tests.sxl_data.publish.faults import LASTING, PASSING, REPO, is_whole


def test_what_was_published_is_what_datasets_loads(fake: FakeHub, finished: Path, tmp_path: Path):
    done = sxl_data.publish(finished, REPO, yes=True)
    repo = fake.repos[REPO]
    assert repo.private and len(repo.commits) == 2
    assert repo.tags == {done.tag: repo.head}
    folder = fake.write(REPO, tmp_path / "there")
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {n: c for n, c in done.rows.items() if c}
    ledger = datasets.load_dataset(str(folder), "ledger", cache_dir=str(tmp_path / "cache"))["ledger"]
    assert len(ledger) and {row["detail"] for row in ledger} == {None}
    assert "quarantine" not in {name.partition("/")[0] for name in repo.at("main")}


def test_a_second_run_has_nothing_to_do(fake: FakeHub, finished: Path):
    first = sxl_data.publish(finished, REPO, yes=True)
    commits, sent = list(fake.repos[REPO].commits), fake.puts()
    second = sxl_data.publish(finished, REPO, yes=True)
    assert fake.repos[REPO].commits == commits and fake.puts() == sent
    assert second.tag == first.tag


def test_a_dry_run_asks_nothing(fake: FakeHub, finished: Path):
    done = sxl_data.publish(finished, REPO)
    assert fake.asked == [] and done.url == ""
    assert all(name in done.text() for name in done.files) and done.card in done.text()


def test_public_is_opened_last(fake: FakeHub, finished: Path):
    sxl_data.publish(finished, REPO, yes=True, public=True)
    assert not fake.repos[REPO].private
    paths = [path for _, path in fake.asked]
    assert paths[-1].endswith("/settings") and sum("/tag/" in path for path in paths) == 1


def test_a_public_repository_is_not_written_to_unasked(fake: FakeHub, finished: Path):
    sxl_data.publish(finished, REPO, yes=True, public=True)
    with pytest.raises(UserError, match="U503"):
        sxl_data.publish(finished, REPO, yes=True)


def test_another_dataset_is_not_overwritten(fake: FakeHub, finished: Path):
    repo = fake.repos[REPO] = Repo(private=True)
    repo.add({"README.md": b"mine", "data/train.csv": b"a,b"})
    with pytest.raises(UserError, match="U509"):
        sxl_data.publish(finished, REPO, yes=True)
    assert set(repo.at("main")) == {"README.md", "data/train.csv"}
    repo.add({".gitattributes": b"", "README.md": b"empty as yet"})
    assert sxl_data.publish(finished, REPO, yes=True).url


@pytest.mark.parametrize("fault", PASSING, ids=lambda f: f"{f.method} {f.part} {f.kind}")
def test_what_passes_is_waited_for(fake: FakeHub, finished: Path, tmp_path: Path, fault: Fault):
    fake.faults = [Fault(fault.method, fault.part, fault.kind, fault.times)]
    done = sxl_data.publish(finished, REPO, yes=True)
    assert fake.faults[0].times == 0
    assert is_whole(fake, tmp_path / "there")
    assert fake.repos[REPO].tags == {done.tag: fake.repos[REPO].head}
    assert len(fake.repos[REPO].commits) == 2


@pytest.mark.parametrize(("fault", "code"), LASTING, ids=lambda f: f"{f.part} {f.kind}" if isinstance(f, Fault) else f)
def test_what_lasts_leaves_all_or_nothing_and_the_next_run_finishes(
    fake: FakeHub, finished: Path, tmp_path: Path, fault: Fault, code: str
):
    fake.faults = [Fault(fault.method, fault.part, fault.kind, fault.times)]
    with pytest.raises(UserError) as caught:
        sxl_data.publish(finished, REPO, yes=True)
    assert caught.value.findings[0].code == code
    assert set(fake.repos[REPO].at("main")) == {".gitattributes"} or is_whole(fake, tmp_path / "half")
    fake.faults = []
    done = sxl_data.publish(finished, REPO, yes=True)
    assert is_whole(fake, tmp_path / "there")
    assert fake.repos[REPO].tags == {done.tag: fake.repos[REPO].head}


def test_what_arrived_is_not_sent_again(fake: FakeHub, finished: Path):
    fake.faults = [Fault("POST", "/commit/", 400, 99)]
    with pytest.raises(UserError, match="U504"):
        sxl_data.publish(finished, REPO, yes=True)
    sent, fake.faults = fake.puts(), []
    sxl_data.publish(finished, REPO, yes=True)
    assert sent and fake.puts() == sent


def test_a_token_that_expires_is_said_and_never_shown(
    fake: FakeHub, finished: Path, capsys: pytest.CaptureFixture[str]
):
    fake.before.append(("/objects/batch", lambda: setattr(fake, "token", "another")))
    with pytest.raises(UserError, match="U506") as caught:
        sxl_data.publish(finished, REPO, yes=True)
    assert set(fake.repos[REPO].at("main")) == {".gitattributes"}
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err + str(caught.value)
    fake.token = TOKEN
    assert sxl_data.publish(finished, REPO, yes=True).url


def test_somebody_elses_commit_is_not_undone(fake: FakeHub, finished: Path):
    sxl_data.publish(finished, REPO, yes=True)
    repo = fake.repos[REPO]
    gone = [row for row in sorted(repo.at("main")) if row.startswith("data/")]
    repo.add({name: data for name, data in repo.at("main").items() if name != gone[0]})
    fake.before.append(("/commit/", lambda: repo.add({**repo.at("main"), "notes.md": b"mine"})))
    with pytest.raises(UserError, match="U505"):
        sxl_data.publish(finished, REPO, yes=True)
    sxl_data.publish(finished, REPO, yes=True)
    assert "notes.md" in repo.at("main") and gone[0] in repo.at("main")


def test_a_storage_that_does_not_answer_is_said_in_bounded_time(
    fake: FakeHub, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The Hub's own storage (xet) is spoken to by a program of its own, in which nothing of ours waits."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    monkeypatch.setenv("HF_XET_CLIENT_RETRY_MAX_DURATION", "1s")
    monkeypatch.setenv("HF_XET_CACHE", str(tmp_path / "xet"))
    repo = fake.repos[REPO] = Repo(private=True)
    repo.storage = "http://127.0.0.1:9"
    with pytest.raises(UserError, match="U504"):
        sxl_data.publish(finished, REPO, yes=True)
    assert set(repo.at("main")) == {".gitattributes"}
    assert any("xet-write-token" in path for _, path in fake.asked)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    repo.storage = ""
    sxl_data.publish(finished, REPO, yes=True)
    assert is_whole(fake, tmp_path / "there")
