"""What a licence expression allows: its class, and whether a recipe's `licences` lets it in.

In: an SPDX expression, or whatever a source calls its licence. Out: a class, the worst first what may be done with the
row. Expressions are parsed by license-expression, which also carries ScanCode's list of 2,500 licences with their
categories. Of a choice (OR) the most permissive counts, of a sum (AND) the least; an exception (WITH) only loosens the
licence it stands beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import msgspec

from sxl_data.contract import patterns

Class = Literal["permissive", "copyleft", "restricted", "non-commercial", "unknown", "free-text", "missing"]
CLASSES: tuple[Class, ...] = (
    "permissive",
    "copyleft",
    "restricted",
    "non-commercial",
    "unknown",
    "free-text",
    "missing",
)
"""From what allows most to what allows least: copyleft passes its terms on; restricted forbids some use or change,
apart from commerce; unknown are licences of no list, `LicenseRef-…`; free-text is no expression at all."""
NONE = ("", "NOASSERTION", "NONE")
T = TypeVar("T")
Fold = Callable[[Iterable[T]], T]
Gate = Literal["any", "permissive"] | tuple[str, ...]
"""What a recipe's `licences` says."""

_NON_COMMERCIAL = patterns.compile(
    r"(?i)(?:^|[-_.])(?:nc|non-?commercial|research(?:-only)?|polyform-strict)(?:[-_.\d]|\z)"
)
_LONGEST = 1_000  # characters of an expression that anybody wrote by hand
_CATEGORIES: dict[str, Class] = {
    "Permissive": "permissive",
    "Public Domain": "permissive",
    "Copyleft": "copyleft",
    "Copyleft Limited": "copyleft",
    "Unstated License": "unknown",
}


class _Entry(msgspec.Struct):
    category: str
    spdx_license_key: str | None = None
    other_spdx_license_keys: list[str] = []
    is_exception: bool = False


@lru_cache(maxsize=4096)
def is_spdx(licence: str) -> bool:
    """Whether ``licence`` is an SPDX licence expression."""
    if len(licence) > _LONGEST:
        return False
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return False
    return True


def classify(licence: str) -> Class:
    """The class of a licence as it is stated; white space around it says nothing."""
    return _classify(licence.strip())


def admits(gate: Gate, licence: str) -> bool:
    """Whether a row under ``licence`` may come in. A list names expressions, and classes as words."""
    if gate == "any":
        return True
    if gate == "permissive":
        return classify(licence) == "permissive"
    return _admits(tuple(gate), licence.strip())


def worst(licences: Iterable[str]) -> Class:
    """The class of a work that all of ``licences`` apply to."""
    return max((classify(licence) for licence in licences), key=CLASSES.index, default="missing")


def keys_of(licence: str) -> set[str]:
    """The ids in an expression, without exceptions; what is no expression has itself."""
    return _keys(licence.strip())


def asks_attribution(licence: str) -> bool:
    """Whether some part of the expression asks that authors be named in what is made of it, as Creative Commons' and
    Open Data Commons' do."""
    return any(key.lower().startswith(("cc-by", "odc-by", "odbl")) for key in _keys(licence.strip()))


@lru_cache(maxsize=4096)
def _classify(licence: str) -> Class:
    if licence in NONE:
        return "missing"
    if not is_spdx(licence):
        return "free-text"
    return CLASSES[_fold(_parse(licence), _class_of, _most, _least)]


@lru_cache(maxsize=4096)
def _admits(gate: tuple[str, ...], licence: str) -> bool:
    wanted = {item.strip().casefold() for item in gate}
    if licence.casefold() in wanted or classify(licence) in wanted:
        return True
    if licence in NONE or not is_spdx(licence):
        return False

    def allows(key: str, whole: str) -> bool:
        return not wanted.isdisjoint((key.casefold(), whole.casefold(), CLASSES[_class_of(key, whole)]))

    return _fold(_parse(licence), allows, all, any)


def _most(numbers: Iterable[int]) -> int:
    return max(numbers)


def _least(numbers: Iterable[int]) -> int:
    return min(numbers)


def _class_of(key: str, whole: str) -> int:
    """The place in `CLASSES` of one licence; ``whole`` has its exception beside it."""
    if _NON_COMMERCIAL.search(key):
        return CLASSES.index("non-commercial")
    return CLASSES.index(_table().get(key.casefold(), "unknown"))


def _fold(node: Any, leaf: Callable[[str, str], T], all_of: Fold[T], one_of: Fold[T]) -> T:
    """What is said of an expression, from what ``leaf`` says of its licences."""
    name = type(node).__name__
    if name in ("AND", "OR"):
        found = [_fold(inner, leaf, all_of, one_of) for inner in node.args]
        return (all_of if name == "AND" else one_of)(found)
    base = getattr(node, "license_symbol", node)
    return leaf(base.key, base.key if base is node else f"{base.key} WITH {node.exception_symbol.key}")


@lru_cache(maxsize=4096)
def _parse(licence: str) -> Any:
    """The expression's tree; only of what `is_spdx` has seen."""
    from license_expression import Licensing

    return Licensing().parse(licence)


def _keys(licence: str) -> set[str]:
    """The ids in an expression; what is no expression has itself."""
    if licence in NONE or not is_spdx(licence):
        return {licence}
    return {str(getattr(node, "license_symbol", node).key) for node in _parse(licence).get_symbols()}


@cache
def _table() -> dict[str, Class]:
    """The class of each SPDX id, in lower case, from ScanCode's list."""
    data = files("license_expression").joinpath("data/scancode-licensedb-index.json").read_bytes()
    found: dict[str, Class] = {}
    for entry in msgspec.json.decode(data, type=list[_Entry]):
        for key in (entry.spdx_license_key, *entry.other_spdx_license_keys):
            if key and not entry.is_exception:
                found[key.casefold()] = _CATEGORIES.get(entry.category, "restricted")
    return found
