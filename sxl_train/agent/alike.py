"""The next call like the last one: what a task names beside what a call has already been made for.

In: a task in the person's words, and the calls that went well. Out: what a further call of the same tool may copy,
with what was named already left out; nothing where the task names nothing more that could be an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sxl_data.contract import patterns
from sxl_train.answers.markup import Call
from sxl_train.generate.copying import BORDER, stands
from sxl_train.generate.types import Copied

_NUMBER = patterns.compile(r"[0-9]+(?:\.[0-9]+)?")


def _plain(value: object) -> Iterator[object]:
    """What stands in ``value`` and is no list or object."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _plain(inner)
    else:
        yield value


def texts_of(value: object) -> list[str]:
    """The strings in ``value``."""
    return [inner for inner in _plain(value) if isinstance(inner, str) and inner]


def numbers_of(value: object) -> list[str]:
    """The numbers in ``value``, as they are written."""
    numbers = (inner for inner in _plain(value) if isinstance(inner, int | float) and not isinstance(inner, bool))
    return [f"{inner:g}" if isinstance(inner, float) else str(inner) for inner in numbers]


def left_over(task: str, calls: Sequence[Call], free: Collection[str] = ()) -> Copied | None:
    """What of ``task`` a further call of the tool that made ``calls`` may copy.

    Calls are told apart by the texts in them that the task names; by their numbers where it names none.
    """
    given = [{key: value for key, value in call.arguments.items() if key not in free} for call in calls]
    named = [text for arguments in given for text in texts_of(arguments) if stands(text, [task])]
    numbers = list(dict.fromkeys(found.group() for found in _NUMBER.finditer(task)))
    rest = task
    for text in sorted(named, key=len, reverse=True):
        rest = rest.replace(text, BORDER)
    if not named:
        used = {text for arguments in given for text in numbers_of(arguments)}
        if not used & set(numbers):
            return None
        numbers = [number for number in numbers if number not in used]
        if not numbers:
            return None
    return Copied(texts=(rest,), free=tuple(free), numbers=tuple(numbers))
