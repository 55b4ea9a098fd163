"""A trace whose every text tries to act on the page that shows it, for tests of pages."""

from __future__ import annotations

from sxl_data.trace.types import Act, Agent, Call, Iterate, Observe, Part, Provenance, Reflect, Result, Tool, Trace

ATTACKS = (
    "</title></style><script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 1">',
    "' onmouseover='window.hit = 1' x='",
    "<a href='javascript:window.hit = 1'>press</a>",
    "<svg onload='window.hit = 1'><iframe srcdoc='<script>parent.hit = 1</script>'>",
    "</pre></details></section><form action='https://example.org'><input autofocus onfocus='window.hit = 1'>",
    "<style>body{display:none}</style><link rel=stylesheet href=https://example.org/x.css><meta http-equiv=refresh "
    "content='0;url=https://example.org'>",
    "user\u202egnp.exe \u2066nimda\u2069 \u200b\x1b]8;;https://example.org\x07link\x1b]8;;\x07 \x1b[2J \ud800",
)
ALL = "\n".join(ATTACKS)


def hostile(trace_id: str = "evil:0000000000000001") -> Trace:
    """A trace with an attack in every text that a page shows."""
    part = Part(text=ALL)
    remote = Part(type="image", uri="https://example.org/beacon.png", media_type=ALL)
    fake = Part(type="image", uri="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+", media_type=ALL)
    return Trace(
        schema_version="1.0",
        trace_id=trace_id,
        kind="agent",
        task=ALL,
        agent=Agent(name=ALL, model=ALL),
        tools=(Tool(name=ALL, description=ALL),),
        steps=(
            Observe(index=0, origin="user", content=(part, remote, fake, Part(type="file", uri="javascript:hit=1"))),
            Reflect(index=1, turn=1, text=ALL),
            Act(index=2, turn=1, kind="tool", content=(part,), calls=_calls()),
            Iterate(
                index=3,
                turn=1,
                results=(
                    Result(call_id="<b>", content=(part,), status="error", error_type=ALL, error_message=ALL),
                    Result(call_id="2", content=(Part(text=f"diff --git a b\n+{ALL}\n-{ALL}"),)),
                ),
            ),
            Act(index=4, turn=2, kind="message", final=True, content=(part,)),
        ),
        provenance=Provenance(source="evil", licence=ALL),
    )


def _calls() -> tuple[Call, ...]:
    import json

    keyed = json.dumps({text: text for text in ATTACKS[:-1]})
    edit = json.dumps({"old_str": ALL.replace("\ud800", ""), "new_str": "x", "command": ATTACKS[0]})
    return (
        Call(call_id=ALL, name=ALL, arguments_json=keyed),
        Call(call_id="2", name="edit", arguments_json=edit),
        Call(call_id="3", name="raw", arguments_json=ALL),
    )
