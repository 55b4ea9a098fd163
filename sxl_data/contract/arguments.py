"""argparse whose errors are errors like all others: one code, what was found, and the nearest name.

In: the words of a command line. Out: options, or a `UserError` U401 with what was meant by a misspelt verb, flag or
choice. The standard parser ends the process by itself, prints the whole usage first and knows no nearest name.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from sxl_data.contract.nearest import nearest

_CHOICE = re.compile(r"argument (?P<name>.+?): invalid choice: (?P<found>.+) \(choose from (?P<known>.+)\)")


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that raises `UserError` U401."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.flags: list[str] = []
        self.words: list[str] = []
        self.has_verbs = False
        super().__init__(*args, **options)

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:  # type: ignore[override]
        if options.get("help") is not argparse.SUPPRESS:
            self.flags += [name for name in names if name.startswith("-")]
        return super().add_argument(*names, **options)

    def add_subparsers(self, **options: Any) -> Any:
        self.has_verbs = True
        return super().add_subparsers(**options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(self.words, namespace)

    def error(self, message: str) -> NoReturn:
        """Raises `UserError` U401."""
        from sxl_data.contract.errors import error

        if (choice := _CHOICE.fullmatch(message)) is not None:
            found, known = choice["found"].strip("'"), re.findall(r"[^', ]+", choice["known"])
            raise error(
                "U401",
                found=f"{choice['name']} {found}",
                fix=self._fix(nearest(found, known)),
                expected="one of " + ", ".join(known),
            )
        if wrong := self.unknown_flags():
            raise error(
                "U401",
                found=", ".join(wrong),
                expected="one of " + ", ".join(dict.fromkeys(self.flags)),
                fix=self._fix(nearest(wrong[0], self.flags)),
            )
        usage = " ".join(self.format_usage().removeprefix("usage: ").split())
        raise error("U401", found=message, expected=usage, fix=self._fix(None))

    def unknown_flags(self) -> list[str]:
        """Words that look like flags and are none, up to ``--``."""
        words = self.words[: self.words.index("--")] if "--" in self.words else self.words
        if self.has_verbs:  # those behind the verb are the verb's
            at = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
            words = words[:at]
        names = [word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)]
        return [name for name in names if not any(self._means(name, flag) for flag in self.flags)]

    @staticmethod
    def _means(name: str, flag: str) -> bool:
        """A long flag may be shortened, and the value of a short one may follow at once."""
        return flag.startswith(name) if name.startswith("--") else name.startswith(flag)

    def _fix(self, near: str | None) -> str:
        return f"did you mean {near}?" if near else f"see {self.prog} --help"


def whole(least: int = 1, most: int = 2**31) -> Callable[[str], int]:
    """A type for flags: a whole number from ``least`` to ``most``."""

    def number(text: str) -> int:
        # Digits first: Python needs a second for the value of a million of them.
        if not re.fullmatch(r"-?[0-9]{1,12}", text.strip()) or not least <= int(text) <= most:
            shown = text if len(text) <= 20 else f"{text[:12]}… ({len(text)} characters)"
            raise argparse.ArgumentTypeError(
                f"a whole number from {least} on, not {shown!r}"
                if most == 2**31
                else f"a whole number from {least} to {most}, not {shown!r}"
            )
        return int(text)

    return number


def share(text: str) -> float:
    """A type for flags: a number above 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"a number above 0 and at most 1, not {text[:20]!r}")
    return value
