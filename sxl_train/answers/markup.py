"""Calls as a chat template spells them ↔ their names and arguments.

Templates spell calls in a dozen ways. Which reader understands one is found out, not guessed from its name: the
template writes a known call, and the first reader that gives back exactly that call is the one. Where none does, calls
are not judged, and nothing counts as a match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError
from sxl_train.data import mask
from sxl_train.run.objects import Object, Value


class Call(msgspec.Struct, frozen=True):
    """A call that was understood."""

    name: str
    arguments: Object


Schemas = dict[str, Object]
"""Name of a declared tool → the schema of its arguments."""
Reader = Callable[[str, Schemas], list[Call | None]]
"""(text, schemas) → its calls in order, None for one that does not parse."""

# The last group is empty where a call was opened and never closed: such a call does not parse.
_HERMES = patterns.compile(r"(?s)<tool_call>(.*?)(</tool_call>|\z)")
_XML = patterns.compile(r"(?s)<function=([^>\n]+)>(.*?)(</function>|\z)")
_PARAMETER = patterns.compile(r"(?s)<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>")
_PAIR = patterns.compile(r"(?s)<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>")
_MISTRAL = patterns.compile(r"(?s)\s*([^\[{\s]+)(?:\[CALL_ID\][^\[]*)?(?:\[ARGS\])?(.*)")
_MISTRAL_LIST = patterns.compile(r"(?s)\[TOOL_CALLS\]\s*(\[.*?)(?:</s>|\z)")
_DEEPSEEK = patterns.compile(
    r"(?s)<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?(.*?)(?:<｜tool▁sep｜>|\n)\s*"
    r"(?:```json\s*)?(.*?)(?:\s*```)?\s*(<｜tool▁call▁end｜>|\z)"
)
_SPECIAL = patterns.compile(r"<\|[a-z_]+\|>")


def read_schemas(tools: list[Object] | None) -> Schemas:
    """The schema of each tool that a conversation declares."""
    functions = [tool.get("function") or tool for tool in tools or []]
    return {str(function.get("name")): function.get("parameters") or {} for function in functions}


def find_reader(template: mask.Template) -> tuple[str, Reader] | None:
    """(name, reader) of the calls that ``template`` writes, or None where no reader gives them back."""
    arguments = {"text": 'a "b" <c>', "count": 3, "many": [1, {"x": None}]}
    kinds = {"text": "string", "count": "integer", "many": "array"}
    tool = {
        "type": "function",
        "function": {
            "name": "sxlname",
            "description": "d",
            "parameters": {"type": "object", "properties": {key: {"type": kind} for key, kind in kinds.items()}},
        },
    }
    call = {"id": "callid001", "type": "function", "function": {"name": "sxlname", "arguments": arguments}}
    messages: list[Object] = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    try:
        said = mask.find_spans(template, messages, [tool]).said
    except UserError:
        return None
    wanted = [Call("sxlname", arguments)]
    for name, reader in READERS.items():
        if reader(said, read_schemas([tool])) == wanted:
            return name, reader
    return None


def _read_hermes(text: str, schemas: Schemas) -> list[Call | None]:
    return [_from_json(body) if closed else None for body, closed in _HERMES.findall(text)]


def _read_xml(text: str, schemas: Schemas) -> list[Call | None]:
    return [
        Call(name.strip(), _type(dict(_PARAMETER.findall(body)), schemas.get(name.strip(), {}))) if closed else None
        for name, body, closed in _XML.findall(text)
    ]


def _read_pairs(text: str, schemas: Schemas) -> list[Call | None]:
    found: list[Call | None] = []
    for body, closed in _HERMES.findall(text):
        name = body.split("<arg_key>", 1)[0].strip()
        arguments = _type(dict(_PAIR.findall(body)), schemas.get(name, {}))
        found.append(Call(name, arguments) if name and closed else None)
    return found


def _read_functions(text: str, schemas: Schemas) -> list[Call | None]:
    return [_named(name, body) if closed else None for name, body, closed in _XML.findall(text)]


def _read_mistral(text: str, schemas: Schemas) -> list[Call | None]:
    said = (_MISTRAL.match(part) for part in text.split("[TOOL_CALLS]")[1:])
    return [_named(found[1], found[2].partition("</s>")[0]) for found in said if found]


def _read_mistral_list(text: str, schemas: Schemas) -> list[Call | None]:
    found: list[Call | None] = []
    for body in _MISTRAL_LIST.findall(text):
        items = _decode(body)
        found += [_from_object(item) for item in items] if isinstance(items, list) else [None]
    return found


def _read_deepseek(text: str, schemas: Schemas) -> list[Call | None]:
    return [_named(name, body) if closed else None for name, body, closed in _DEEPSEEK.findall(text)]


def _read_bare(text: str, schemas: Schemas) -> list[Call | None]:
    """Llama 3: the whole turn is one JSON object; further tokens of the template may stand around it."""
    lines = _SPECIAL.sub("", text).strip()
    return [_from_json(lines)] if lines.startswith("{") else []


READERS: dict[str, Reader] = {
    "hermes": _read_hermes,
    "qwen3-coder": _read_xml,
    "glm": _read_pairs,
    "function": _read_functions,
    "mistral": _read_mistral,
    "mistral-list": _read_mistral_list,
    "deepseek": _read_deepseek,
    "llama3": _read_bare,
}


def _from_json(text: str) -> Call | None:
    return _from_object(_decode(text.strip()))


def _from_object(value: Value) -> Call | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    arguments = _decode(arguments) if isinstance(arguments, str) else arguments
    return Call(value["name"], arguments) if isinstance(arguments, dict) else None


def _named(name: str, body: str) -> Call | None:
    value = _decode(body.strip())
    return Call(name.strip(), value) if isinstance(value, dict) and name.strip() else None


def _type(values: dict[str, str], schema: Object) -> Object:
    """Values that are written as text, read as the schema's types: a string stays as it is written."""
    properties = schema.get("properties")
    kinds: Object = properties if isinstance(properties, dict) else {}
    return dict(_typed(values, kinds))


def _typed(values: dict[str, str], kinds: Object) -> Iterator[tuple[str, Value]]:
    for key, text in values.items():
        kind = kinds.get(key.strip())
        decoded = _decode(text.strip())
        is_text = isinstance(kind, dict) and kind.get("type") == "string"
        yield key.strip(), text if is_text or decoded is _NOTHING else decoded


_NOTHING = object()


def _decode(text: str) -> Value:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return _NOTHING
