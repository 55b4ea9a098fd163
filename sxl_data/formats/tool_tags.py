"""Calls in which each tool and each parameter is a tag of its own, as Cline and Roo Code tell their models to write.

In: text and the place of ``<execute_command>`` or another tool of theirs. Out: the call, and where it ends. Any tag may
be a tag of prose or of code, so that the tools are those that the harnesses have, a call begins on a line of its own,
and its parameters follow at once. A value ends at the closing tag after which a parameter or the end of the call
stands, so that a file that is written may hold such tags itself.
Source: https://github.com/cline/cline (system prompt, ``assistant-message``), https://github.com/RooCodeInc/Roo-Code.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump
from sxl_data.formats.function_markup import Asked, Source

TOOLS = (
    "execute_command|read_file|write_to_file|replace_in_file|apply_diff|search_files|list_files"
    "|list_code_definition_names|browser_action|use_mcp_tool|access_mcp_resource|ask_followup_question"
    "|attempt_completion|plan_mode_respond|new_task|switch_mode|insert_content|search_and_replace|codebase_search"
    "|fetch_instructions|update_todo_list"
)
_ANY = patterns.compile(rf"<(?:{TOOLS})>\s*<[a-z_]{{1,40}}>")
_NAME = patterns.compile(r"<([a-z_]{1,40})>")
_MOST = 20  # parameters of one call


def may_hold(text: str) -> bool:
    """Whether a call may be in ``text``; parameters stand on lines of their own."""
    return ">\n<" in text and _ANY.search(text) is not None


def read_tool(source: Source, at: int) -> tuple[Asked, int] | None:
    """The call whose opening tag stands at ``at``, and where it ends; None where it is no call."""
    text = source.text
    if text[:at].rpartition("\n")[2].strip() if at < 400 else text[at - 400 : at].rpartition("\n")[2].strip():
        return None
    name, place = _opened(text, at)
    close = f"</{name}>"
    given: dict[str, str] = {}
    while len(given) < _MOST:
        place = source.past_space(place)
        if text.startswith(close, place):
            return (Asked(name, dump(given), tagged=True), place + len(close)) if given else None
        key, begin = _opened(text, place)
        if not key or key in given:
            return None
        end = _value_end(source, key, begin, close)
        if end < 0:
            return None
        value = text[begin:end]
        given[key] = value[1:].removesuffix("\n") if value.startswith("\n") else value
        place = end + len(key) + 3
    return None


def _opened(text: str, at: int) -> tuple[str, int]:
    found = _NAME.match(text[at : at + 60])
    return ("", at) if found is None else (found[1], at + found.end())


def _value_end(source: Source, key: str, at: int, close: str) -> int:
    end = f"</{key}>"

    def ends(place: int) -> bool:
        after = source.past_space(place + len(end))
        return source.text.startswith(close, after) or bool(_opened(source.text, after)[0])

    return source.next_that(end, at, ends, close)
