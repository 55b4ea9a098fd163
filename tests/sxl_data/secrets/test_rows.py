"""sxl_data.secrets.rows: every text of a trace, whatever column it lies in."""

from __future__ import annotations

import ast
import json

import numpy as np
import pytest

from sxl_data.clean.stage import CleanConfig, run
from sxl_data.contract.ledger import entry, table
from sxl_data.contract.stage import Outcome
from sxl_data.secrets.quoted import ids, redact_outcome
from sxl_data.secrets.redact import Placeholders, redact, redact_json, without_pieces
from sxl_data.secrets.rows import Redaction, clean
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Act, Agent, Call, Iterate, Observe, Part, Provenance, Result, Tool, Trace

TOKEN, OTHER = "ghp_" + "Qx7" * 12, "ghp_" + "Zk3" * 12


def trace(kind: str = "agent", said: str = "see", **more: str) -> Trace:
    call = Call(call_id=more.get("call_id", "c1"), name="bash", arguments_json=more.get("arguments", "{}"))
    result = Result(
        call_id=call.call_id,
        status="ok",
        content=(Part(text=more.get("result", "ok")),),
        structured_json=more.get("structured"),
    )
    return Trace(
        schema_version="1.0",
        trace_id=f"toy:{kind}",
        kind=kind,
        task=said,  # type: ignore[arg-type]
        tools=(Tool(name="bash", parameters_json=more.get("schema", "{}")),),
        agent=Agent(model=more.get("model")),
        steps=(
            Observe(index=0, origin="user", content=(Part(text=said),)),
            Act(index=1, turn=1, kind="tool", calls=(call,)),
            Iterate(index=2, turn=1, results=(result,)),
            Act(
                index=3,
                turn=2,
                iteration=1,
                kind="message",
                content=(Part(text=more.get("answer", "done")),),
                final=True,
            ),
        ),
        provenance=Provenance(source=kind, source_id=more.get("source_id", "")),
    )


def cleaned(*traces: Trace) -> list[Trace]:
    batch = to_table(traces)
    return list(to_traces(clean(batch, True, np.ones(len(batch), dtype=bool)).batch))


@pytest.mark.parametrize(
    "place", ["said", "arguments", "result", "structured", "schema", "model", "source_id", "answer", "call_id"]
)
def test_a_secret_is_gone_from_every_place(place: str):
    value = json.dumps({"x": f"a\n{TOKEN}"}) if place in ("arguments", "structured", "schema") else TOKEN
    (after,) = cleaned(trace(**{place: value}))
    assert TOKEN not in str(after)
    assert "SECRET_github_token" in str(after)


def test_calls_and_results_still_belong_together_when_their_id_was_a_secret():
    (after,) = cleaned(trace(call_id=TOKEN))
    assert after.steps[1].calls[0].call_id == after.steps[2].results[0].call_id == "SECRET_github_token"  # type: ignore[union-attr]


def test_two_secrets_of_a_trace_stay_two():
    (after,) = cleaned(trace(said=f"{TOKEN} {OTHER}", result=OTHER))
    assert after.task == "SECRET_github_token SECRET_github_token_2"
    assert after.steps[2].results[0].content[0].text == "SECRET_github_token_2"  # type: ignore[union-attr]


def test_a_password_that_one_text_gives_away_is_gone_from_the_others():
    (after,) = cleaned(trace(arguments=json.dumps({"c": "export DB_PASSWORD=kX8mP2qL9"}), result="$ echo\nkX8mP2qL9"))
    assert "kX8mP2qL9" not in str(after)


def test_a_token_that_goes_on_in_the_next_message_is_gone():
    (after,) = cleaned(trace(result=f"the key is {TOKEN[:20]}", answer=f"{TOKEN[20:]} is it"))
    assert TOKEN[20:] not in str(after) and TOKEN[:20] not in str(after)
    assert after.steps[3].content[0].text == " is it"  # type: ignore[union-attr]


def test_arguments_keep_their_order_their_numbers_and_their_white_space():
    said = '{"b" : 1.50, "a":"x\\n' + TOKEN + '", "u": "\\u00e9"}'
    found = redact_json(said.encode(), Placeholders()).data.decode()
    assert found == '{"b" : 1.50, "a":"x\\nSECRET_github_token", "u": "\\u00e9"}'


@pytest.mark.parametrize(
    "code",
    [
        f'key = "{TOKEN}"',
        "x = {'password': 'kX8#mP2q', 'n': 1}",
        f'url = f"https://u:{TOKEN}@h/{{x}}"',
        f'k = ("{TOKEN[:20]}"\n     "{TOKEN[20:]}")',
        'p = """-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----"""',
        'open("/home/annlee/x")  # ann@corp.io',
        "list(range(3))  # /home/list/x",
    ],
)
def test_code_parses_after_it_as_it_did_before(code: str):
    ast.parse(code)
    ast.parse(redact(code.encode(), Placeholders()).data)


def test_ids_lose_their_secret_and_stay_apart():
    first, second = trace("agent"), trace("tool_use")
    batch = to_table([first, second]).set_column(1, "trace_id", [[f"s:{TOKEN}", f"s:{OTHER}"]])
    names = ids(batch)["trace_id"].to_pylist()
    assert len(set(names)) == 2
    assert all("ghp_" not in name for name in names)


def test_agent_logs_lose_persons_unless_the_recipe_names_their_source():
    batch = to_table([trace("agent", "see /home/ann"), trace("instruction", "see /home/ann")])
    outcome, kept = (
        run(batch, CleanConfig(code="keep")),
        run(batch, CleanConfig(code="keep", keep_private=("agent",))),
    )
    assert outcome.kept["task"].to_pylist() == ["see /home/user", "see /home/ann"]
    assert outcome.ledger["code"].to_pylist() == ["C706"]
    assert kept.kept["task"].to_pylist() == ["see /home/ann", "see /home/ann"]


@pytest.mark.parametrize("names", [("instruction",), ("*",)])
def test_a_recipe_takes_persons_out_of_rows_of_any_kind(names: tuple[str, ...]):
    said = "I am ann.lee@corp.io, Tel. 030 12345678"
    batch = to_table([trace("instruction", said), trace("reasoning", said)])
    config = CleanConfig(code="keep", profile="off", take_private=names)
    outcome, without = run(batch, config), "I am user@example.com, Tel. +1-202-555-0100"
    assert [without, without if "*" in names else said] == outcome.kept["task"].to_pylist()
    assert {"C706"} == set(outcome.ledger["code"].to_pylist())


@pytest.mark.parametrize("kept", ["toy", "*"])
def test_what_is_to_stay_and_to_go_is_refused(kept: str):
    with pytest.raises(ValueError, match="stands in both"):
        CleanConfig(keep_private=(kept,), take_private=("toy",))


def test_what_a_program_printed_is_cleaned_as_what_was_read_is():
    batch = to_table([trace("agent", result=TOKEN), trace("tool_use", result=OTHER)])
    edited = table([entry("D501", "toy:agent", "agent", "edited", detail=f"ran {TOKEN}")])
    outcome = redact_outcome(Outcome(batch, edited), Redaction())
    first, second = to_traces(outcome.kept)
    assert TOKEN not in str(first) and TOKEN not in str(outcome.ledger.to_pylist())
    assert OTHER in str(second)  # it was cleaned when it was read, and the stage left it alone
    assert outcome.ledger["code"].to_pylist() == ["D501", "C703"]


def test_secrets_stay_where_the_recipe_says_so():
    batch = to_table([trace("agent", TOKEN)])
    assert run(batch, CleanConfig(secrets=False)).kept["task"].to_pylist() == [TOKEN]


def test_a_quotation_that_cuts_a_token_keeps_no_piece_of_it():
    said = b"ends at character 118, near '" + TOKEN[-20:].encode() + b"\", x'"
    assert without_pieces(said, [TOKEN.encode()]) == b"ends at character 118, near 'SECRET_piece\", x'"
    assert without_pieces(said, [b"another one altogether"]) == said


def test_the_compiled_pass_and_the_patterns_find_the_same(monkeypatch: pytest.MonkeyPatch):
    from sxl_data.secrets import marks
    from sxl_data.secrets.find import find

    texts = [
        f"cat /home/marta/x\n{TOKEN} user@host.corp.io +49 30 1234 5678",
        'smtp_password: "aB3$xK9m"\nAPI-KEY = "Zk29slPq81mNb7Qw"',
        "from 91.12.13.200 and 2a02:8109:9cc0:1::7 -rw-r--r-- 1 marta staff 120 Jan\x1b[0m %41KIA",
        "password: " + "x" * 300,
        "plain text that says nothing to anybody " * 40,
    ]
    data = "\n\n".join(texts).encode()
    alone = find(data, people=True)
    marks.prepare()
    monkeypatch.setattr(marks, "_LEAST", 0)
    assert find(data, people=True) == alone
    assert [find(text.encode(), people=True) for text in texts[3:]] == [[], []]
    assert len({hit.kind for hit in alone}) > 5
