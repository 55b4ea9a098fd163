"""Sessions of three agents with made-up secrets and persons in every place that a session has."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

PERSON, HOST = "hildegarde", "hildes-thinkpad"
PASSWORD, TOKEN = "korrekt9Pferd", "ghp_" + "Zx81kQ0aLw3Rt5Yu7Io9Pa2Sd4Fg6Hj8Kl0Z"
AWS = "wJalrXUtnFEMIK7MDENG" + "bPxRfiCYzz0123456789"[:20]
OPAQUE = base64.b64encode(b"".join(hashlib.sha512(b"x%d" % n).digest() for n in range(8))).decode()
PICTURE = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + b"".join(hashlib.sha512(b"y%d" % n).digest() for n in range(8))
).decode()
HIDDEN = base64.b64encode(f"the password = '{PASSWORD}' and the token {TOKEN} of it".encode()).decode()
PLANTED = (PERSON, HOST, "Knef", "hilde@knef.example.ai", PASSWORD, TOKEN, AWS, OPAQUE[:60], PICTURE[:60], HIDDEN[:40])
HOME = f"/home/{PERSON}/zebra"
ATTACK = "</script><img src=x onerror='globalThis.pwned=1'> \u202e"
ENVIRONMENT = (
    f"USER={PERSON}\nLOGNAME={PERSON}\nHOSTNAME={HOST}\nHOME=/home/{PERSON}\nLANG=C\nSHELL=/bin/sh\nTERM=dumb\n"
    f"EDITOR=vi\nAWS_SECRET_ACCESS_KEY={AWS}\nDB_PASSWORD={PASSWORD}"
)
RESULTS = {
    "git remote -v": f"origin\tgit@github.com:{PERSON}/zebra-app.git (fetch)\n"
    f"other\thttps://x:{TOKEN}@github.com/acme/zebra.git (push)",
    "env": ENVIRONMENT,
    "git log": "commit abc\nAuthor: Hildegarde Knef <hilde@knef.example.ai>\n\n    Knef mends it",
    "git diff": f"--- a/{PERSON}.toml\n+++ b/{PERSON}.toml\n-password = 'old'\n+password = '{PASSWORD}'",
    "cat config.json": json.dumps({"inner": json.dumps({"password": PASSWORD, "token": TOKEN})}),
    "whoami": PERSON,
    "uname -a": f"Linux {HOST} 6.1.0 x86_64",
    "prompt": f"{PERSON}@{HOST}:~/zebra$ ls",
    "base64 note": HIDDEN,
    "attack": ATTACK,
}


def claude(path: Path) -> Path:
    """A session of Claude Code with one call for each of `RESULTS`, and a picture."""
    common = {
        "sessionId": "5c0375b4-57a5-4f26-b12d-d022ee4e51b7",
        "cwd": HOME,
        "gitBranch": f"{PERSON}/fix",
        "version": "2",
    }
    said: list[tuple[str, Any]] = [("user", f"look at {HOME}, I am {PERSON.title()} Knef")]
    for number, (name, text) in enumerate(RESULTS.items()):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": name}}
        thought = {"type": "thinking", "thinking": f"see {HOME}", "signature": OPAQUE}
        said.append(("assistant", [thought, call]))
        said.append(("user", [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": text}]))
    shot = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    said += [
        ("user", [{"type": "text", "text": "and this?"}, shot]),
        ("assistant", [{"type": "text", "text": f"done in {HOME}"}]),
    ]
    lines, parent = [], None
    for number, (role, content) in enumerate(said):
        id = f"00000000-0000-4000-8000-{number:012d}"
        message = {"role": role, "content": content} | (
            {"id": f"msg_{number}", "model": "m"} if role == "assistant" else {}
        )
        line = {
            "type": role,
            "uuid": id,
            "parentUuid": parent,
            "timestamp": f"2026-01-01T00:00:{number:02d}Z",
            "message": message,
        }
        lines.append(line | common)
        parent = id
    lines.append(
        {"type": "file-history-snapshot", "messageId": "x", "snapshot": {"path": f"{HOME}/secret-{PERSON}.txt"}}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"cut off', encoding="utf-8")
    return path


def codex(path: Path) -> Path:
    """A rollout of Codex with instructions, the origin of the repository and encrypted reasoning."""
    git = {"commit_hash": "0" * 40, "branch": "main", "repository_url": f"git@github.com:{PERSON}/zebra-app.git"}
    payloads: list[tuple[str, dict[str, Any]]] = [
        ("session_meta", {"id": "s", "cwd": HOME, "instructions": f"ask {PERSON}", "git": git}),
        ("response_item", {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "run it"}]}),
        ("event_msg", {"type": "user_message", "message": "run it", "images": [f"data:image/png;base64,{PICTURE}"]}),
        ("response_item", {"type": "reasoning", "summary": [], "encrypted_content": OPAQUE}),
        (
            "response_item",
            {
                "type": "function_call",
                "name": "shell",
                "call_id": "call_1",
                "arguments": json.dumps({"env": {"PASSWORD": PASSWORD}, "workdir": HOME}),
            },
        ),
        (
            "response_item",
            {"type": "function_call_output", "call_id": "call_1", "output": json.dumps({"output": ENVIRONMENT})},
        ),
        (
            "response_item",
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ran"}]},
        ),
    ]
    rows = [
        {"timestamp": f"2026-01-01T00:00:0{n}Z", "type": kind, "payload": value}
        for n, (kind, value) in enumerate(payloads)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def gemini(path: Path) -> Path:
    """A chat of Gemini CLI, one object over several lines."""
    messages = [
        {"id": "u", "type": "user", "content": f"read ~/{PERSON}.txt", "timestamp": "2026-01-01T00:00:00Z"},
        {"id": "g", "type": "gemini", "content": f"I read {HOME}/x", "timestamp": "2026-01-01T00:00:01Z", "model": "g"},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"sessionId": "g", "projectHash": "h", "messages": messages}, indent=1), encoding="utf-8"
    )
    return path


def everything(folder: Path) -> Path:
    """All three below ``folder``, in folders that name the person."""
    claude(folder / f"-home-{PERSON}-zebra" / "5c0375b4-57a5-4f26-b12d-d022ee4e51b7.jsonl")
    codex(folder / PERSON / "rollout-2026-01-01T00-00-00-s.jsonl")
    gemini(folder / "chats" / "session-1.json")
    return folder
