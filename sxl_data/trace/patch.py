"""The exact difference of two JSON values, and its application.

In: what an exporter or reader can say of a document (``base``) and the document itself (``target``).
Out: the least that must be remembered so that ``apply(base, diff(base, target))`` is ``target``, type for
type (1 is not 1.0). Round trips hold by construction with it, instead of by a list of special cases.

A patch is one of ``{"=": value}`` (replace), ``{".": {key: patch}, "-": [keys]}`` (edit an object),
``{"[": {position: patch}, "+": [at, removed, [values]]}`` (edit a list: first the elements that stay, by
their position in the base, then one cut) and ``{"~": [at, removed, text, length]}`` (edit a long text of
that length). `apply` never fails: where the base has changed since, that part of the patch is left out.
"""

from __future__ import annotations

from typing import Any

Patch = dict[str, Any]

# Deeper values are replaced whole, so that a hostile document cannot exhaust the stack.
_DEPTH = 100

# Shorter texts are replaced whole: the patch would not be smaller.
_LONG = 64


def same(a: Any, b: Any, depth: int = 0) -> bool:
    """Whether two JSON values are equal, type for type; key order does not count."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, str):
        return bool(a == b)
    if isinstance(a, dict):
        if len(a) != len(b) or depth > 4 * _DEPTH:
            return False
        return all(key in b and same(value, b[key], depth + 1) for key, value in a.items())
    if isinstance(a, list):
        if len(a) != len(b) or depth > 4 * _DEPTH:
            return False
        return all(same(x, y, depth + 1) for x, y in zip(a, b))
    # repr tells -0.0 from 0.0 and takes NaN as equal to itself.
    return repr(a) == repr(b) if isinstance(a, float) else bool(a == b)


def diff(base: Any, target: Any, depth: int = 0) -> Patch | None:
    """The patch from ``base`` to ``target``; None when they are the same."""
    if same(base, target):
        return None
    if depth < _DEPTH and isinstance(base, dict) and isinstance(target, dict):
        edits = {}
        for key, value in target.items():
            inner = diff(base[key], value, depth + 1) if key in base else {"=": value}
            if inner is not None:
                edits[key] = inner
        removed = [key for key in base if key not in target]
        return {**({".": edits} if edits else {}), **({"-": removed} if removed else {})}
    if depth < _DEPTH and isinstance(base, list) and isinstance(target, list) and base and target:
        return _diff_lists(base, target, depth)
    if isinstance(base, str) and isinstance(target, str) and min(len(base), len(target)) >= _LONG:
        return _diff_texts(base, target)
    return {"=": target}


def _diff_texts(base: str, target: str) -> Patch:
    """One cut between the equal ends, where that is shorter than the text."""
    head = _common(base, target)
    tail = min(_common(base[::-1], target[::-1]), min(len(base), len(target)) - head)
    inserted = target[head : len(target) - tail]
    if len(inserted) > len(target) // 2:
        return {"=": target}
    return {"~": [head, len(base) - tail - head, inserted, len(base)]}


def _common(a: str, b: str) -> int:
    """Length of the common start, by halving: comparing slices is far cheaper than characters."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _diff_lists(base: list[Any], target: list[Any], depth: int) -> Patch:
    """Equal ends stay; of the middle, as many elements as both have are edited in place."""
    head, shorter = 0, min(len(base), len(target))
    while head < shorter and same(base[head], target[head]):
        head += 1
    tail = 0
    while tail < shorter - head and same(base[-1 - tail], target[-1 - tail]):
        tail += 1
    common = shorter - head - tail
    edits = {}
    for i in range(head, head + common):
        inner = diff(base[i], target[i], depth + 1)
        if inner is not None:
            edits[str(i)] = inner
    patch: Patch = {"[": edits} if edits else {}
    if len(base) != len(target):
        at = head + common
        patch["+"] = [at, len(base) - tail - at, target[at : len(target) - tail]]
    return patch


def apply(base: Any, patch: Patch | None) -> Any:
    """``base`` with ``patch`` applied; neither is changed."""
    if not isinstance(patch, dict):
        return base
    if "=" in patch:
        return patch["="]
    if isinstance(base, dict) and ("." in patch or "-" in patch):
        removed = set(patch.get("-", ()))
        out = {key: value for key, value in base.items() if key not in removed}
        for key, inner in patch.get(".", {}).items():
            if key in out:
                out[key] = apply(out[key], inner)
            elif "=" in inner:
                out[key] = inner["="]
        return out
    if isinstance(base, str) and "~" in patch:
        at, count, text, length = patch["~"]
        return base[:at] + text + base[at + count :] if len(base) == length else base
    if isinstance(base, list) and ("[" in patch or "+" in patch):
        items = list(base)
        for position, inner in patch.get("[", {}).items():
            if int(position) < len(items):
                items[int(position)] = apply(items[int(position)], inner)
        if "+" in patch:
            at, count, values = patch["+"]
            items[at : at + count] = values
        return items
    return base


def rest(said: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """What ``source`` has beyond ``said``, in a form that people can read: further keys as they are, and
    under ``"$"`` a patch for what differs. Empty when nothing does."""
    if same(said, source):
        return {}
    extra = {key: value for key, value in source.items() if key not in said}
    known = {key: value for key, value in source.items() if key in said}
    patch = diff(said, known)
    if "$" in extra:  # a source that has the key itself: keep all of it in the patch
        return {"$": diff(said, source)}
    return {**extra, **({"$": patch} if patch else {})}


def restore(said: dict[str, Any], remembered: Any) -> dict[str, Any]:
    """The source of which ``said`` and ``remembered`` (from `rest`) are the two halves."""
    if not isinstance(remembered, dict) or not remembered:
        return said
    out = apply(said, remembered.get("$"))
    return {**out, **{key: value for key, value in remembered.items() if key != "$"}}


def paths(patch: Patch | None, at: str = "") -> dict[str, int]:
    """How often each place is touched by ``patch``, list positions written as ``*``."""
    found: dict[str, int] = {}
    stack = [(patch, at)]
    while stack:
        item, place = stack.pop()
        if not isinstance(item, dict):
            continue
        if "=" in item or "+" in item or "~" in item:
            found[place] = found.get(place, 0) + 1
        for key in item.get("-", ()):
            found[f"{place}/{key}"] = found.get(f"{place}/{key}", 0) + 1
        stack += [(inner, f"{place}/{key}") for key, inner in item.get(".", {}).items()]
        stack += [(inner, f"{place}/*") for inner in item.get("[", {}).values()]
    return found
