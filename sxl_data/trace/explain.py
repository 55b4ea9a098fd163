"""What a code means: title, why, fix, and an example that has it.

In: a code, or the start of one. Out: text for people.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from sxl_data.contract.codes import CODES, Code
from sxl_data.contract.errors import error
from sxl_data.resources import schemas_folder
from sxl_data.trace.profiles import PROFILES

_SHOWN = 1500


def explain(code: str) -> str:
    """The text of ``code`` (``P105``), a rule (``result-without-call``), or the list of a family (``P``).

    Raises `UserError` U401 with the nearest code.
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
    near = difflib.get_close_matches(upper, CODES, n=1) or difflib.get_close_matches(
        wanted.lower(), by_rule, n=1
    )
    families = ", ".join(sorted({key[0] for key in CODES}))
    expected = f"{near[0]}?" if near else f"a code of the families {families}"
    raise error("U401", found=f"code {code!r}", expected=expected)


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
    if path is not None:
        lines += ["", f"example {path.name}"]
        text = path.read_bytes()[: _SHOWN + 1].decode("utf-8", "replace")
        if path.suffix not in (".gz", ".zst"):
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
            lines += ["  " + line for line in shown.splitlines()]
    return "\n".join(lines)
