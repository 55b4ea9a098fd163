"""Who speaks, by the name of the role that a chat states."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sxl_data.formats.registry import formats
from sxl_data.trace.format import Document, Origin, Reading
from sxl_data.trace.roles import Roles
from sxl_data.trace.types import Act, Observe

CHATS = {
    "openai_chat": ("messages", "role", "content"),
    "sharegpt_tools": ("conversations", "from", "value"),
    "hermes_text": ("conversations", "from", "value"),
    "anthropic_messages": ("messages", "role", "content"),
}


def read(format: str, roles: Sequence[str], answer: str = "yes") -> Reading:
    key, who, what = CHATS[format]
    row = {key: [{who: role, what: f"{answer} {n}"} for n, role in enumerate(roles)]}
    (found,) = formats()[format].read(Document(file="toy.json", value=row), Origin(source="toy"))
    assert isinstance(found, Reading)
    return found


def spoken(reading: Reading) -> list[str]:
    return [
        step.origin if isinstance(step, Observe) else "act"
        for step in reading.trace.steps
        if isinstance(step, (Observe, Act))
    ]


@pytest.mark.parametrize("format", CHATS)
def test_a_customer_asks_and_an_agent_answers_where_they_are_alone(format: str):
    found = read(format, ("customer", "agent", "Customer", "agent"))
    assert (["user", "act", "user", "act"], ()) == (spoken(found), found.findings)


@pytest.mark.parametrize("format", CHATS)
def test_a_role_that_nobody_knows_is_said_once_at_its_first_message(format: str):
    found = read(format, ("narrator", "user", "assistant", "narrator"))
    assert ["environment", "user", "act", "environment"] == spoken(found)
    (said,) = found.findings
    assert ("S212", f"/{CHATS[format][0]}/0") == (said.code, said.pointer)
    assert "role 'narrator' in 2 messages, the first here; read as environment" == said.found


def test_an_alias_beside_the_role_that_it_stands_for_is_not_certain():
    found = read("openai_chat", ("user", "customer", "assistant", "agent"))
    assert ["user", "environment", "act", "environment"] == spoken(found)
    assert ["role 'customer'", "role 'agent'"] == [str(item.found).split(" in ")[0] for item in found.findings]


def test_a_chat_of_aliases_alone_is_recognised():
    rows = {"messages": [{"role": "client", "content": "Hi"}, {"role": "bot", "content": "Hello"}]}
    assert formats()["openai_chat"].detect(rows)


def test_what_is_like_a_result_and_answers_no_call_is_the_environments_unsaid():
    found = read("openai_chat", ("user", "observation", "assistant"))
    assert (["user", "environment", "act"], ()) == (spoken(found), found.findings)


def test_without_the_conversation_no_alias_means_anything():
    roles = Roles()
    assert ("environment", "tool") == (roles.of("customer", "/a"), roles.of("function"))
    assert ["/a"] == [item.pointer for item in roles.findings()]
