"""Values that Java and JavaScript programs would write, read as BFCL reads them.

In: the text of a literal and the type that a tool declares. Out: a Python value, or the text itself where it is no
literal of that type. Source of the rules: the Berkeley Function-Calling Leaderboard, v4.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_train.run.objects import Object, Value

_WHOLE = patterns.compile(r"-?[0-9]+")
_NUMBER = patterns.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN_NUMBER = patterns.compile(r"-?[0-9]+(\.[0-9]+)?")
_AS_LIST = patterns.compile(r"new\s+ArrayList<\w*>\(Arrays\.asList\((.+?)\)\)")
_ADDED = patterns.compile(r"(?s)new\s+ArrayList<\w*>\(\)\s*\{\{\s*(.+?)\s*\}\}")
_ADD = patterns.compile(r"add\((.+?)\)")
_EMPTY_LIST = patterns.compile(r"new\s+ArrayList<\w*>\(\)")
_ARRAY = patterns.compile(r"new\s+\w+\[\]\s*\{(.*?)\}")
_MAP = patterns.compile(r"(?s)new\s+HashMap<.*?>\s*\(\)\s*\{\s*\{?\s*(.*?)\s*\}?\s*\}")
_PUT = patterns.compile(r'put\("(.*?)",\s*(.*?)\)')
_EMPTY_MAP = patterns.compile(r"new\s+HashMap<.*?>\s*\(\)")
_ROWS = patterns.compile(r"\[\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\]|new\s+Array\(\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\)")
_ROW = patterns.compile(r"\[(.*?)\]")
_LIST = patterns.compile(r"\[(.*?)\]|new\s+Array\((.*?)\)")
_OBJECT = patterns.compile(r"\{(.*?)\}")
JAVA = {
    **dict.fromkeys(("byte", "short", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    **dict.fromkeys(("char", "String", "any"), str),
    **dict.fromkeys(("Array", "ArrayList", "Queue", "Stack"), list),
    **dict.fromkeys(("HashMap", "Hashtable"), dict),
    "boolean": bool,
}
JAVASCRIPT = {
    **dict.fromkeys(("integer", "Bigint"), int),
    **dict.fromkeys(("String", "any"), str),
    "float": float,
    "Boolean": bool,
    "dict": dict,
    "array": list,
}
MANY = ("Array", "ArrayList", "array")


def java(text: str, kind: str, inner: str | None = None) -> Value:
    """``text`` as a value of Java's ``kind``."""
    if kind in ("byte", "short", "integer"):
        return int(text) if _WHOLE.fullmatch(text) else text
    if kind == "long":
        return int(text[:-1]) if text[-1:] in ("l", "L") and _WHOLE.fullmatch(text[:-1]) else text
    if kind == "float":
        return float(text[:-1]) if text[-1:] in ("f", "F") and _NUMBER.fullmatch(text[:-1]) else text
    if kind == "double":
        return float(text) if _NUMBER.fullmatch(text) else text
    if kind == "boolean":
        return text == "true" if text in ("true", "false") else text
    if kind == "ArrayList":
        return _array_list(text, inner)
    if kind == "Array":
        found = _ARRAY.search(text)
        return text if found is None else [_element(part, inner) for part in _parts(found[1]) if part]
    if kind == "HashMap":
        return _hash_map(text)
    return text


def javascript(text: str, kind: str, inner: str | None = None) -> Value:
    """``text`` as a value of JavaScript's ``kind``."""
    if kind == "String":
        return _unquoted(text)
    if kind == "integer":
        return int(text) if _WHOLE.fullmatch(text) else text
    if kind == "float":
        return float(text) if _PLAIN_NUMBER.fullmatch(text) else text
    if kind == "Bigint":
        return int(text[:-1]) if text.endswith("n") and _WHOLE.fullmatch(text[:-1]) else text
    if kind == "Boolean":
        return text == "true" if text in ("true", "false") else text
    if kind == "dict":
        return _object(text.strip())
    if kind == "array":
        return _list(text.strip(), inner)
    return text


def _array_list(text: str, inner: str | None) -> Value:
    found = _AS_LIST.search(text)
    if found is not None:
        return [_held(part, inner) for part in _parts(found[1])]
    found = _ADDED.search(text)
    if found is not None:
        return [_held(part.strip(), inner) for part in _ADD.findall(found[1])]
    return [] if _EMPTY_LIST.search(text) else text


def _held(text: str, inner: str | None) -> Value:
    return text[1:-1] if inner in ("char", "String") else _element(text, inner)


def _element(text: str, inner: str | None) -> Value:
    return java(text, inner) if inner else _java_value(text)


def _hash_map(text: str) -> Value:
    found = _MAP.search(text)
    if found is not None:
        return {key: _java_value(value.strip()) for key, value in _PUT.findall(found[1])}
    return {} if _EMPTY_MAP.search(text) else text


def _java_value(text: str) -> Value:
    if text[-1:] in ("l", "L") and _WHOLE.fullmatch(text[:-1]):
        return int(text[:-1])
    if text[-1:] in ("f", "F") and _NUMBER.fullmatch(text[:-1]):
        return float(text[:-1])
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return _any(text)


def _list(text: str, inner: str | None) -> Value:
    rows = _starts(_ROWS, text)
    if rows is not None:
        found = [row.strip() for row in _ROW.findall(rows)]
        found[:1] = [row[1:] if row.startswith("[") else row for row in found[:1]]
        return [[_any(_unquoted(part), part) for part in _parts(row)] for row in found]
    match = _LIST.search(text)
    if match is None or match.start():
        return text
    held = next((part for part in match.groups() if part is not None), "").strip()
    parts = _parts(held) if held else []
    return [javascript(part, inner) if inner else _any(_unquoted(part), part) for part in parts]


def _object(text: str) -> Value:
    match = _OBJECT.search(text)
    if text == "{}" or match is None or match.start():
        return {} if text == "{}" else text
    found: Object = {}
    for pair in _pairs(match[1]):
        key, _, value = pair.partition(":")
        key, value = key.strip().strip("'\""), value.strip()
        if value.startswith("[") and value.endswith("]"):
            found[key] = _list(value, None)
        elif value.startswith("{") and value.endswith("}"):
            found[key] = _object(value)
        else:
            found[key] = _any(value.strip("'\""))
    return found


def _pairs(text: str) -> list[str]:
    """Parts at commas that a colon follows before the next comma."""
    found: list[str] = []
    for part in text.split(","):
        if ":" in part or not found:
            found.append(part)
        else:
            found[-1] += "," + part
    return [part for part in found if ":" in part]


def _any(text: str, quoted: str | None = None) -> Value:
    """A truth value or number where ``text`` is one and was not quoted."""
    if quoted is not None and quoted != text:
        return text
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _starts(pattern: patterns.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return None if match is None or match.start() else str(match[0])
