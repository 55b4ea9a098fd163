"""What a user may name: folders, archives, notebooks, patches, builds, mixtures."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.contract.resources import samples_folder
from sxl_data.pipeline import build
from sxl_data.read.known import known_formats
from sxl_data.trace.table import to_table
from sxl_data.validate.submissions import one, submissions
from sxl_data.validate.validate import validate
from sxl_data.view.show import show
from sxl_data.view.stats import stats

SAMPLES = samples_folder()
# Format → the sample that is of it.
OF = {
    "sxl_trace": "traces.jsonl",
    "openai_chat": "chat.jsonl",
    "openai_responses": "responses.jsonl",
    "anthropic_messages": "anthropic.jsonl",
    "sharegpt_tools": "sharegpt.json",
    "hermes_text": "hermes.jsonl",
    "react_text": "react.jsonl",
    "atif": "atif.jsonl",
    "adp": "adp.jsonl",
    "sts": "sts.jsonl",
    "claude_code": "claude_code",
    "codex_rollout": "codex.jsonl",
    "gemini_cli": "gemini.json",
    "kimi_cli": "kimi.jsonl",
    "pi_session": "pi.jsonl",
    "swe_agent": "slugify.traj",
    "mini_swe_agent": "mini_swe_agent.traj.json",
    "openhands_events": "openhands.json",
    "inspect_eval": "inspect.json",
    "toolbench": "toolbench.json",
    "toolalpaca": "toolalpaca.json",
    "api_bank": "api_bank.jsonl",
    "bfcl": "bfcl.jsonl",
    "seal_tools": "seal_tools.jsonl",
    "tau_bench": "tau_bench.json",
    "intercode": "intercode.json",
    "instruction_pair": "alpaca.json",
    "nl2bash_files": "nl2bash",
    "commit_edit": "commits.jsonl",
    "swebench_issue": "issues.jsonl",
    "issue_thread": "thread.md",
    "github_issue": "github_issues.json",
    "reasoning_set": "reasoning.jsonl",
    "gsm8k": "gsm8k.jsonl",
    "strategyqa": "strategyqa.json",
    "notebook": "notebook.ipynb",
    "patch_file": "0001-sort-the-index.patch",
    "quixbugs": "quixbugs",
}


@pytest.mark.parametrize("name", sorted(OF))
def test_a_sample_is_recognised_and_may_be_named(name: str) -> None:
    path = SAMPLES / OF[name]
    assert [s.recognise().name for s in submissions(path)] == [name]
    named = validate(submissions(path, name), profile="ingest")
    assert named.checked > 0 and named.ok, named.text()


def test_every_format_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    for name, item in known_formats().items():
        if item.unit == "made":  # a source that has no files
            continue
        report = validate(submissions(tmp_path / "x.jsonl", name), profile="ingest")
        assert report.checked == 0 and not any(
            code[:2] == "U2" and code[2:] not in ("08", "16") for code in report.counts
        )
        assert "U216" not in report.counts or (report.exit_code and "U208" in report.counts)


def folder(tmp_path: Path, *names: str) -> Path:
    made = tmp_path / "mixed"
    made.mkdir()
    for name in names:
        shutil.copy(SAMPLES / name, made / name)
    return made


def test_a_mixed_folder_is_split_by_format(tmp_path: Path) -> None:
    made = folder(tmp_path, "codex.jsonl", "pi.jsonl", "chat.jsonl", "notebook.ipynb")
    report = validate(submissions(made))
    assert {file.format for file in report.files} == {"codex_rollout", "pi_session", "openai_chat", "notebook"}
    assert sum(file.traces for file in report.files) == report.checked == 14


def test_a_source_of_several_files_takes_no_others_with_it(tmp_path: Path) -> None:
    for name in ("nl2bash", "quixbugs"):
        shutil.copytree(SAMPLES / name, tmp_path / name)
    shutil.copy(SAMPLES / "chat.jsonl", tmp_path)
    found = {s.format.name: sum(1 for _ in s) for s in submissions(tmp_path) if s.format}
    assert found.keys() == {"nl2bash_files", "quixbugs", "openai_chat"}
    assert found["openai_chat"] == 11
    alone = {s.format.name for s in submissions(tmp_path / "nl2bash") if s.format}
    assert alone == {"nl2bash_files"}


def test_a_repository_with_a_notebook_is_both_and_with_records_is_no_code(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "notebook.ipynb", tmp_path)
    (tmp_path / "prices.py").write_text(
        'def total(items):\n    """Sum the prices of all items of a basket."""\n'
        "    found = 0\n    for price in items:\n        found += price\n    return found\n"
    )
    (tmp_path / "empty.py").write_text("X = 1\n")
    report = validate(tmp_path)
    assert {(file.format, file.traces) for file in report.files} == {("code_repository", 1), ("notebook", 1)}
    assert report.counts["U209"] == 1 and report.exit_code == 0
    shutil.copy(SAMPLES / "chat.jsonl", tmp_path)
    assert {s.format.name for s in submissions(tmp_path) if s.format} == {"notebook", "openai_chat"}


def test_a_file_of_nobody_in_a_folder_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    made = folder(tmp_path, "codex.jsonl")
    (made / "odd.json").write_text('{"what": "is this"}', encoding="utf-8")
    report = validate(submissions(made), profile="ingest")
    assert report.checked == 1 and not report.ok
    assert any(item.file is not None and item.file.endswith("odd.json") for item in report.findings)


def test_a_folder_without_a_known_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text('{"what": "is this"}', encoding="utf-8")
    with pytest.raises(UserError) as refused:
        submissions(tmp_path)
    assert refused.value.findings[0].code == "U202"


def test_an_archive_is_read_member_by_member(tmp_path: Path) -> None:
    path = tmp_path / "sessions.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("a/one.jsonl", "a/two.jsonl"):
            data = (SAMPLES / "codex.jsonl").read_bytes()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    report = validate(submissions(path))
    assert [file.format for file in report.files] == ["codex_rollout"] and report.checked == 2
    assert stats(submissions(path)).traces == 2


def test_a_build_is_looked_at_by_its_folder(tmp_path: Path) -> None:
    traces = [item.reading.trace for item in one(SAMPLES / "chat.jsonl") if item.reading is not None]
    (tmp_path / "data").mkdir()
    pq.write_table(to_table(traces), tmp_path / "data" / "train-00000-of-00001.parquet")
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert validate(submissions(tmp_path), profile="ingest").checked == len(traces)
    assert stats(submissions(tmp_path)).traces == len(traces)
    assert traces[3].trace_id in show(one(tmp_path), "3")


def test_a_build_splits_a_mixed_folder_and_says_so(tmp_path: Path) -> None:
    made = folder(tmp_path, "codex.jsonl", "pi.jsonl", "chat.jsonl")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"name: mixed\nsources:\n  - {{name: all, path: {made.as_posix()}, licence: MIT}}\n", encoding="utf-8"
    )
    (source,) = build(str(recipe), tmp_path / "out").sources
    assert set(source.format.split(", ")) == {"openai_chat", "codex_rollout", "pi_session"}
    assert "pi_session: 1 files" in source.detected
    assert source.traces == 13


def test_a_session_is_recognised_behind_many_lines_of_bookkeeping(tmp_path: Path) -> None:
    head = '{"type":"file-history-snapshot","messageId":"m","snapshot":{}}\n' * 300
    session = next((SAMPLES / "claude_code").iterdir()).read_text(encoding="utf-8")
    path = tmp_path / "session.jsonl"
    path.write_text(head + session, encoding="utf-8")
    assert submissions(path)[0].recognise().name == "claude_code"
    report = validate(submissions(path))
    assert report.checked == 1


@pytest.mark.parametrize(
    "verb", [["validate"], ["stats"], ["show", "--row", "1"], ["convert", "--to", "openai_chat", "-o", "out.jsonl"]]
)
def test_every_verb_reads_a_table_by_its_columns(verb, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("Customer Prompt;reply\nwhere?;here\nwhen;tomorrow\n", encoding="utf-8")
    code = run([verb[0], "t.csv", *verb[1:], "--columns", "prompt=Customer Prompt,answer=reply"])
    said = capsys.readouterr().out + "".join(path.read_text() for path in Path().glob("out.*"))
    assert code == 0 and ("tomorrow" in said or "2" in said)


def test_what_is_not_looked_into_is_one_note_whatever_reads_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = folder(tmp_path, "codex.jsonl", "chat.jsonl", "notebook.ipynb")
    (made / "node_modules").mkdir()
    for name in ("a.jsonl", "loop"):
        (made / name).symlink_to(made)
    report = validate(submissions(made))
    (said,) = [item for item in report.findings if item.code == "U217"]
    assert "3 of its entries not looked into: link ×2, node_modules ×1" in (said.found or "") and report.complete
    assert 0 == run(["convert", str(made), "--to", "openai_chat", "-o", str(tmp_path / "out.jsonl")])
    assert 1 == capsys.readouterr().err.count("U217")
    assert 1 == stats(submissions(made)).codes["U217"]
    (tmp_path / "code").mkdir()
    (tmp_path / "code/link.py").symlink_to(made / "codex.jsonl")
    with pytest.raises(UserError, match="no file to read, and 1 of its entries not looked into: link"):
        submissions(tmp_path / "code")


def test_a_build_has_a_line_of_its_ledger_for_what_is_not_looked_into(tmp_path: Path) -> None:
    made = folder(tmp_path, "chat.jsonl")
    (made / "link").symlink_to(made)
    (tmp_path / "recipe.yaml").write_text("name: x\nsources:\n  - {name: a, path: mixed, licence: MIT}\n")
    build(str(tmp_path / "recipe.yaml"), tmp_path / "out", ["engine.kind=inline", "decontaminate.against=[]"])
    lines = pq.read_table(sorted((tmp_path / "out/ledger").rglob("*.parquet"))[0]).to_pylist()
    lines = [line for line in lines if line["code"] == "U217"]
    assert [("a:link#1", "flagged", "read")] == [(line["trace_id"], line["action"], line["stage"]) for line in lines]
