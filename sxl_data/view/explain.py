"""What a code means: title, why, fix, and an example that has it beside one that does not.

In: a code, or the start of one; a format; a key of a recipe. Out: text for people.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Collection, Mapping
from pathlib import Path

from sxl_data.contract.codes import CODES, Code
from sxl_data.contract.errors import error, shorten
from sxl_data.contract.nearest import nearest
from sxl_data.contract.resources import schemas_folder
from sxl_data.rules.profiles import PROFILES
from sxl_data.trace.format import Format, options_of
from sxl_data.view.keys import explain_keys
from sxl_data.view.keys import names as key_names

_LINES = 40
_WIDTH = 100


def explain(code: str, formats: Collection[str] = ()) -> str:
    """The text of ``code`` (``P105``), a rule (``result-without-call``), the list of a family (``P``), a key of a
    recipe (``dedup.threshold``) or the list of a section (``dedup``; ``keys`` lists all).

    Raises `UserError` U401 with the nearest code, rule, key or name of ``formats``.
    """
    wanted = code.strip()
    upper = wanted.upper()
    by_rule = {entry.rule: entry for entry in CODES.values()}
    entry = CODES.get(upper) or by_rule.get(wanted.lower())
    if entry is not None:
        return _one(entry)
    family = [item for key, item in sorted(CODES.items()) if upper and key.startswith(upper)]
    if family:
        return "\n".join(f"{item.code}  {item.level:<7}  {item.rule:<28}  {item.title}" for item in family)
    if told := explain_keys(wanted):
        return told
    names = [*by_rule, *formats, *key_names()]
    near = nearest(wanted, CODES) or nearest(wanted, names)
    families = ", ".join(sorted({key[0] for key in CODES}))
    known = f"a code such as P105, a rule, a format, a key of a recipe, or a family of codes: {families}"
    expected = f"{near}?" if near else known
    raise error(
        "U401",
        found=f"{code!r}, which is none of them" if wanted else "no code",
        expected=expected,
        fix="`sxl-data explain P` lists a family, `explain formats` the formats, `explain keys` the keys",
    )


def list_formats(known: Mapping[str, Format]) -> str:
    """The formats of ``known``, one a line: name, whether it is written too, what it is."""
    widest = max(map(len, known))
    return "\n".join(
        f"{name:<{widest}}  {'read, written' if hasattr(item, 'write') else 'read':<13}  {item.title}"
        for name, item in known.items()
    )


def explain_format(item: Format) -> str:
    """What the format ``item`` is, the keys of a recipe's `options:` that it reads, what its reader leaves out or words
    itself, and why."""
    written = "read and written" if hasattr(item, "write") else "read"
    words = (type(item).__doc__ or "").strip()
    lines = [item.name, "", f"  {item.title}.", *(f"  {line.strip()}" for line in words.splitlines())]
    lines += ["", f"  unit      {item.unit}", f"  is        {written}"]
    for name, option in options_of(item).items():
        kind = getattr(option.kind, "__name__", None) if isinstance(option.kind, type) else None
        values = kind or " | ".join(map(str, typing.get_args(option.kind)))
        lines.append(f"  option    {name}: {values} — {option.about}")
    return "\n".join([*lines, *_declared(item)])


def _declared(item: Format) -> list[str]:
    left = getattr(item, "leaves_out", ())
    lines = ["", "left out, and why"] if left else []
    for rule in left:
        where = "all that is not taken" if rule.where == "*" else rule.where
        lines.append(f"  {where}{f' of {rule.when}' if rule.when else ''}  {rule.why}")
    composes = dict(getattr(item, "composes", ()))
    lines += ["", "worded by the reader"] if composes else []
    return [*lines, *(f"  {part}  {why}" for part, why in composes.items())]


def example(code: str) -> Path | None:
    """The file with the minimal failing example of ``code``, or None where there can be none."""
    folder = schemas_folder() / "examples" / "invalid"
    return next(iter(sorted(folder.glob(f"{code}-*"))), None) if folder.is_dir() else None


def _one(entry: Code) -> str:
    profiles = [profile for profile in PROFILES.values() if entry.code[0] in profile.families]
    lines = [f"{entry.code} {entry.rule}", "", f"  {entry.title}.", ""]
    lines.append(f"  level     {entry.level}")
    lines.append(f"  why       {entry.why}")
    lines.append(f"  fix       {entry.fix}")
    if entry.fixable:
        lines.append("  fixable   sxl-data validate FILE --fix -o OUT")
    if entry.stage:
        lines.append(f"  stage     {entry.stage}")
    if profiles:
        lines.append(f"  profiles  {', '.join(profile.name for profile in profiles)}")
    path = example(entry.code)
    if path is not None and path.suffix not in (".gz", ".zst"):
        lines += ["", *_shown(entry.code, path)]
    return "\n".join(lines)


def _shown(code: str, path: Path) -> list[str]:
    """The failing example at ``path``: its difference from a sound one, the template that has the code, or all."""
    template = next(iter(sorted((path.parents[1] / "templates").glob(f"{code}-*"))), None)
    if template is not None:
        text = template.read_text(encoding="utf-8").splitlines()
        return [f"example  the template {template.name}", *(f"    {line}" for line in text[:_LINES])]
    if code[0] == "R":  # what is wrong is not in the file
        return []
    found = _beside(path)
    if found:
        return [f"example  {path.name}, and with + how it is right", *found]
    whole = path.read_text(encoding="utf-8").splitlines()
    more = [f"    … {len(whole) - _LINES} more lines"] if len(whole) > _LINES else []
    return [f"example  {path.name}", *(f"    {shorten(line, _WIDTH)}" for line in whole[:_LINES]), *more]


def _beside(path: Path) -> list[str]:
    """The lines of the failing example at ``path`` that differ from the sound one it is made from; none where it is
    made from no other."""
    wrong = path.read_bytes().decode("utf-8", "replace").splitlines()
    name = next((line for line in wrong if line.startswith('  "trace_id"')), "")
    best: list[str] = []
    for valid in sorted((path.parents[1] / "valid").glob("*.json")):
        right = [
            name if line.startswith('  "trace_id"') else line for line in valid.read_text(encoding="utf-8").splitlines()
        ]
        found = list(difflib.unified_diff(wrong, right, n=2, lineterm=""))[3:]
        if not best or _changed(found) < _changed(best):
            best = found
    if not best or _changed(best) > len(wrong) // 2:
        return []
    best = ["  …" if line.startswith("@@") else line for line in best]
    margin = min(len(line[1:]) - len(line[1:].lstrip()) for line in best if line[1:].strip())
    return [f"  {line[0]} {shorten(line[1 + margin :], _WIDTH)}" for line in best[:_LINES]]


def _changed(lines: list[str]) -> int:
    return sum(line[0] in "+-" for line in lines)
