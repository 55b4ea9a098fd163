"""Sessions shared: nothing that was planted is left anywhere, and nothing is written that a scan still doubts."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

import sxl_data
from sxl_data.contract.errors import GateMissed, UserError
from sxl_data.share import folder as written
from sxl_data.share import opaque
from sxl_data.share.agents import AGENTS, BY_NAME, roots
from sxl_data.share.draft import read_share
from sxl_data.share.redacting import redact_sessions
from sxl_data.share.sessions import find
from tests.sxl_data.share.planted import PERSON, PICTURE, PLANTED, RESULTS, everything


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("share")
    done = sxl_data.share(everything(base / "logs"), base / "mine")
    assert 3 == len(done.share.sessions)
    return base / "mine"


def decide(folder: Path, out: Path, **chosen: Any) -> Path:
    """What the page saves: every doubt answered unless ``chosen`` says otherwise."""
    data = (folder / "share.json").read_bytes()
    share = json.loads(data)
    fine = [
        hashlib.sha256(f"{d['kind']}\0{d['value']}".encode()).hexdigest()[:16] for d in share["doubts"] if d["must"]
    ]
    made = {"format": "sxl-share-decisions-1", "share": hashlib.sha256(data).hexdigest(), "fine": fine, **chosen}
    out.write_text(json.dumps(made), encoding="utf-8")
    return out


def of(folder: Path, agent: str) -> str:
    return next(s["id"] for s in json.loads((folder / "share.json").read_bytes())["sessions"] if s["agent"] == agent)


def bytes_below(folder: Path) -> bytes:
    """All that is in the files, of tables what their cells say."""
    said = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            said.append(json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode())
        elif path.is_file():
            said.append(path.read_bytes())
    return b"\n".join(said)


def test_nothing_planted_is_in_page_drafts_or_dataset_and_datasets_loads_it(prepared: Path, tmp_path: Path):
    done = sxl_data.share((), prepared, decisions=decide(prepared, tmp_path / "d.json"), licence="CC-BY-4.0")
    everywhere = bytes_below(prepared).lower()
    assert [] == [word for word in PLANTED if word.lower().encode() in everywhere]
    assert {"claude_code", "codex", "sts"} == {
        name.split("/")[1] for name in done.files if name.startswith("sessions/")
    }
    cache, there = str(tmp_path / "cache"), prepared / "dataset"
    rows = datasets.load_dataset("parquet", data_files=str(there / "data/*.parquet"), cache_dir=cache)["train"]
    assert 3 == len(rows) == done.rows
    assert {"CC-BY-4.0"} == set(rows["licence"])
    said = rows[next(n for n, row in enumerate(rows) if row["source"] == "claude_code")]["messages"]
    assert len([m for m in said if m["role"] == "tool"]) == len(RESULTS)
    assert "git@github.com:user/zebra-app.git" in said[2]["content"]
    assert "HOSTNAME=host\n" in said[4]["content"] and PICTURE.encode() not in everywhere
    assert opaque.PICTURE in next((there / "sessions/claude_code").iterdir()).read_bytes()
    with pytest.raises(datasets.exceptions.DatasetGenerationError) as told:  # without the package teich
        datasets.load_dataset(str(there), cache_dir=cache)
    assert "decoding agent traces" in str(told.value.__cause__)


def test_a_session_that_is_native_stays_its_own_file_and_reads_the_same(prepared: Path, tmp_path: Path):
    done = sxl_data.share((), prepared, decisions=decide(prepared, tmp_path / "d.json"))
    path = next(name for name in done.files if name.startswith("sessions/claude_code/"))
    report = sxl_data.validate(prepared / "dataset" / path, profile="ingest")
    assert "claude_code" == report.files[0].format and not report.counts.get("C411")
    assert b"cut off" not in (prepared / "dataset" / path).read_bytes()


def test_dropped_turns_and_words_are_gone_and_calls_keep_their_results(prepared: Path, tmp_path: Path):
    session = of(prepared, "claude_code")
    chosen = {"drop": {session: [2, 3]}, "take_out": ["Zebra"], "leave_out": [of(prepared, "codex")]}
    done = sxl_data.share((), prepared, decisions=decide(prepared, tmp_path / "d.json", **chosen))
    assert (2, 2) == (done.dropped, done.sessions)
    everywhere = bytes_below(prepared / "dataset")
    for gone in (b"USER=", b"commit abc", b"zebra", b"Zebra", b"file-history"):
        assert gone not in everywhere
    assert b"mends it" not in everywhere and b"TAKEN_OUT_1" in everywhere
    assert f"sessions/sts/{session}.jsonl" in done.files
    assert [] == [
        f
        for f in sxl_data.validate(prepared / "dataset" / f"sessions/sts/{session}.jsonl").findings
        if f.code[0] == "P"
    ]


def test_an_open_doubt_refuses_with_places_and_no_values(tmp_path: Path):
    logs = everything(tmp_path / "logs")
    path = next(logs.rglob("rollout-*"))
    odd = "kaffeetasse"  # a word to our own rules
    path.write_text(path.read_text().replace('"ran"', json.dumps(f"db_password = '{odd}'")), encoding="utf-8")
    folder = tmp_path / "mine"
    [doubt] = [doubt for doubt in sxl_data.share(logs, folder).share.doubts if doubt.value == odd]
    others = [d.key for d in read_share(folder).doubts if d.must and d.key != doubt.key]
    with pytest.raises(GateMissed, match="H726") as caught:
        sxl_data.share((), folder, decisions=decide(folder, tmp_path / "d.json", fine=others))
    assert odd not in str(caught.value) and "sessions/codex" in str(caught.value)
    assert not (folder / "dataset").exists()
    done = sxl_data.share((), folder, decisions=decide(folder, tmp_path / "e.json", fine=others, take_out=[odd]))
    assert done.rows == 3 and odd.encode() not in bytes_below(folder / "dataset")


def test_a_secret_in_what_was_written_refuses_it(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A fault of ours on the way: what is scanned are the bytes themselves."""
    token = PLANTED[5]
    whole = written.make_card
    monkeypatch.setattr(written, "make_card", lambda *a, **k: whole(*a, **k) + f"\n{token}\n".encode())
    with pytest.raises(GateMissed, match="H727") as caught:
        sxl_data.share((), prepared, decisions=decide(prepared, tmp_path / "d.json"))
    assert token not in str(caught.value) and "README.md" in str(caught.value)
    assert not (prepared / "dataset").exists()


def test_decisions_about_other_sessions_and_changed_sessions_are_refused(prepared: Path, tmp_path: Path):
    for code, chosen in (("H725", {"share": "0" * 64}), ("H724", {"drop": {"s9999": [0]}}), ("H724", {"fine": ["x"]})):
        with pytest.raises(UserError, match=code):
            sxl_data.share((), prepared, decisions=decide(prepared, tmp_path / "d.json", **chosen))
    decisions = decide(prepared, tmp_path / "d.json")
    path = next((prepared / "sessions").iterdir())
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    with pytest.raises(UserError, match="H723"):
        sxl_data.share((), prepared, decisions=decisions)
    path.write_bytes(before)
    with pytest.raises(UserError, match="U306"):
        sxl_data.share(prepared / "sessions", prepared)


def test_sessions_are_found_at_the_known_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    logs = everything(tmp_path / "logs")
    places = {
        ".claude/projects/-x/a.jsonl": next(logs.rglob("5c03*")),
        ".codex/sessions/2026/01/01/rollout-1.jsonl": next(logs.rglob("rollout*")),
        ".gemini/tmp/h/chats/session-1.json": next(logs.rglob("session-1*")),
    }
    for name, path in places.items():
        target = tmp_path / "home" / name
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())
    store = tmp_path / "home" / ".local/share/opencode/storage"
    for name, value in {
        "session/p/ses_1.json": {"id": "ses_1", "directory": f"/home/{PERSON}/x"},
        "message/ses_1/msg_1.json": {"id": "msg_1", "role": "user", "time": {"created": 1}},
        "message/ses_1/msg_2.json": {"id": "msg_2", "role": "assistant", "time": {"created": 2}},
        "part/msg_1/prt_1.json": {"id": "prt_1", "type": "text", "text": "hello"},
        "part/msg_2/prt_2.json": {"id": "prt_2", "type": "text", "text": f"hi {PERSON}"},
    }.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(json.dumps(value), encoding="utf-8")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    found = find()
    assert {"claude_code", "codex", "gemini", "opencode"} == {session.agent for session in found.sessions}
    assert ["opencode"] == [session.agent for session in find(agents=["opencode"]).sessions]
    done = sxl_data.share((), tmp_path / "mine", agents=["opencode"])
    assert 1 == len(done.share.sessions) and PERSON.encode() not in bytes_below(tmp_path / "mine")
    with pytest.raises(UserError, match="U401"):
        find(agents=["nobody"])


def test_an_open_code_database_is_read_as_its_export(tmp_path: Path):
    import sqlite3

    path = tmp_path / "opencode.db"
    with sqlite3.connect(path) as made:
        made.execute("create table session (id text, directory text, time_updated integer)")
        made.execute("create table message (id text, session_id text, time_created integer, data text)")
        made.execute("create table part (id text, message_id text, session_id text, data text)")
        made.execute("insert into session values ('ses_1', '/x', 1767225600000)")
        for number, role in enumerate(("user", "assistant"), 1):
            made.execute(
                "insert into message values (?, 'ses_1', ?, ?)", (f"msg_{number}", number, json.dumps({"role": role}))
            )
            text = json.dumps({"type": "text", "text": role})
            made.execute("insert into part values (?, ?, 'ses_1', ?)", (f"prt_{number}", f"msg_{number}", text))
    made.close()
    [session] = find([path]).sessions
    assert ("opencode", "ses_1") == (session.agent, session.part)
    assert ["user", "assistant"] == [m["parts"][0]["text"] for m in json.loads(session.read())["messages"]]


@pytest.mark.parametrize(
    ("system", "environment", "agent", "expected"),
    [
        ("Linux", {}, "cline", "/h/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks"),
        ("Darwin", {}, "cline", "/h/Library/Application Support/Cursor/User/globalStorage/kilocode.kilo-code/tasks"),
        ("Windows", {"APPDATA": "/a"}, "cline", "/a/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks"),
        ("Darwin", {}, "opencode", "/h/.local/share/opencode"),
        ("Linux", {"CODEX_HOME": "/c"}, "codex", "/c/sessions"),
        ("Windows", {}, "claude_code", "/h/.claude/projects"),
    ],
)
def test_places_follow_the_system_and_the_environment(
    system: str, environment: dict[str, str], agent: str, expected: str
):
    assert Path(expected) in list(roots(BY_NAME[agent], Path("/h"), environment, system))


def test_every_agent_is_read_by_a_format_that_there_is():
    from sxl_data.formats.registry import formats

    assert set() == {agent.format for agent in AGENTS} - formats().keys()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lenka", "\x1b[01;32mlenka\x1b[0m:~$ ls"),  # a terminal's colours end in a letter
        ("lenka", "?q=by%20lenka"),
        ("anyone1", "mail lenka.novak@firma.at, lenka.novak@firma.pl"),  # ends of files too
        ("lenka", json.dumps({"t": "X"}).replace("X", "\\u006cenka")),  # JSON within a string
        ("lenka", json.dumps(json.dumps({"t": "X"}).replace("X", "\\u006cenka"))),
        ("zo\u00e9line", "zoe\u0301line ZO\u00c9LINE Zoe\u0301line"),  # as macOS names files, and in capitals
        ("zoe\u0301line", "zo\u00e9line ZOE\u0301LINE"),
    ],
)
@pytest.mark.parametrize("ascii", [True, False])
def test_a_name_goes_however_it_is_written(name: str, text: str, ascii: bool) -> None:
    record = {"cwd": f"/home/{name}/app", "text": text}
    (draft,) = redact_sessions([json.dumps(record, ensure_ascii=ascii).encode() + b"\n"], [True]).drafts
    said = json.loads(draft.data)
    left = unicodedata.normalize("NFC", said["text"]).lower()
    assert "user" in left
    assert not [word for word in ("lenka", "006cenka", "zo\u00e9line") if word in left]


def test_a_share_that_names_other_files_is_refused(prepared: Path, tmp_path: Path) -> None:
    share = json.loads((prepared / "share.json").read_bytes())
    (tmp_path / "sessions").symlink_to(prepared / "sessions")
    for key, value in (("file", f"../{share['sessions'][0]['file']}"), ("id", "../../s0001")):
        changed = [share["sessions"][0] | {key: value}, *share["sessions"][1:]]
        (tmp_path / "share.json").write_text(json.dumps(share | {"sessions": changed}), encoding="utf-8")
        with pytest.raises(UserError, match="H723"):
            read_share(tmp_path)


def test_a_torn_piece_of_an_opencode_session_is_one_error(tmp_path: Path) -> None:
    for name, text in (("session/p/ses_1.json", '{"id": "ses_1"}'), ("message/ses_1/msg_1.json", '{"id": "ms')):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="U204"):
        sxl_data.share(tmp_path / "session" / "p" / "ses_1.json", tmp_path / "out")


def test_links_and_folders_of_tools_among_sessions_are_named(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    found = find([tmp_path])
    assert [] == found.sessions
    assert ["link ×1", "node_modules ×1"] == sorted(w for w in ("link ×1", "node_modules ×1") if w in found.advice[0])
