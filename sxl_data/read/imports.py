"""Which imports of a source file a piece of it uses, by the names that they bind.

In: the imports of a file as they stand, a language, a piece of its source. Out: those that the piece names something
of. Words are looked up, nothing is resolved: an import too many does no harm.
"""

from __future__ import annotations

_MOST = 16
_KEYWORDS = frozenset(("import", "from", "as", "use", "include", "crate", "self", "super", "static", "type", "default"))
# Bytes of a word: letters, digits, `_` and all that is beyond ASCII.
_WORDS = bytes(b if b >= 0x80 or chr(b).isalnum() or b == 0x5F else 0x20 for b in range(256))


def binding_of(imports: list[str], language: str) -> dict[str, list[int]]:
    """Which of ``imports``, by number, bind a name; under "" those that every function is shown."""
    if language in ("c", "cpp"):
        return {"": list(range(len(imports)))}
    found: dict[str, list[int]] = {}
    for number, item in enumerate(imports):
        for name in set(_bound(item, language)) - _KEYWORDS - {""}:  # a trailing comma binds nothing
            found.setdefault(name, []).append(number)
    return found


def used_by(imports: list[str], binding: dict[str, list[int]], source: str) -> list[str]:
    """The first imports that ``source`` names something of; its words are looked up, not the imports."""
    numbers = set(binding.get("", ())[:_MOST])
    for word in set(_words(source)) & binding.keys():
        numbers.update(binding[word][:_MOST])
    return [imports[number] for number in sorted(numbers)[:_MOST]]


def _words(text: str) -> list[str]:
    """The words of two letters or more, as identifiers are written, in order."""
    found = (word.lstrip("0123456789") for word in text.encode().translate(_WORDS).decode().split())
    return [word for word in found if len(word) > 1]


def _bound(item: str, language: str) -> list[str]:
    """The names that an import binds, or might."""
    if language == "python":
        names = item.partition(" import ")[2] if item.startswith("from ") else item.removeprefix("import ")
        found = [name.strip("() \n").split(" as ")[-1].strip() for name in names.split(",")]
        return [name.split(".")[0] for name in found]
    words = _words(item)
    return words[-1:] + (words[:1] if language == "go" else []) if language in ("java", "go") else words
