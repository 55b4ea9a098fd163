"""The card's numbers → words to announce a model with: long, 500 and 280 characters, and a picture of a real run.

Nothing is said that the card does not say: numbers come through a sheet whose places must all be among the card's, and
there is no adjective for quality. Where nothing was measured the announcement says what the model is and its size.
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.release.finished import GGUF
from sxl_train.release.model_card import Named
from sxl_train.release.sheet import Number, Sheet, escape
from sxl_train.run.objects import Value

NAME = "ANNOUNCEMENT.md"
LENGTHS = (500, 280)


def write(sheet: Sheet, card: list[Number], named: Named, folder: Path, pictures: list[Path]) -> Path:
    """Write `ANNOUNCEMENT.md` into ``folder``. ``card`` are the card's numbers, ``sheet`` reads the same files."""
    facts = _facts(sheet, named)
    long = _long(facts, named)
    parts = ["# " + named.name, long]
    parts += [f"![one run of the model, as it was]({path.name})" for path in pictures if path.suffix == ".png"] or [
        f"![one run of the model, as it was]({path.name})" for path in pictures
    ]
    for length in LENGTHS:
        parts += [f"## {length} characters", _fit(facts, named, length)]
    known = {(number.file, number.pointer) for number in card}
    for number in sheet.numbers:
        if (number.file, number.pointer) not in known:
            raise error(
                "T604", file=NAME, found=f"{number.shown}, from {number.file}", expected="the card's numbers alone"
            )
    path = folder / NAME
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8", newline="\n")
    return path


def _facts(sheet: Sheet, named: Named) -> list[str]:
    """Sentences in the order in which they are left out last."""
    small = named.packages.get("release") == GGUF
    size = sheet.show("run.json", "/gguf/bytes" if small else "/weights/bytes", "megabytes")
    base = sheet.show("run.json", "/base/name")
    name = sheet.show("run.json", "/name")
    facts = [f"{name}: {base} fine-tuned to call tools, {size}, runs on your own processor."]
    facts += _results(sheet, named)
    facts.append(f"Licence: {sheet.show('run.json', '/licence')}. {_where(named)}".strip())
    facts.append("Every number is on the card with its interval, its file and the command that measures it again.")
    place = "/splits/train/rows"
    if sheet.has("evidence/dataset.json", place):
        if sheet.value("evidence/dataset.json", place):
            shown = sheet.show("evidence/dataset.json", place, "count")
            facts.append(
                f"Its dataset has {shown} training rows, each with its licence; what was left out is in a ledger."
            )
    return facts


def _results(sheet: Sheet, named: Named) -> list[str]:
    """The main measure of each suite, before and after."""
    after = "evidence/eval/release.json"
    if not sheet.has(after):
        return ["It was not evaluated."]
    found = []
    for suite in sheet.value(after, "/suites"):
        place = f"/suites/{escape(suite)}"
        at = f"{place}/measured/measures/{escape(sheet.value(after, f'{place}/main'))}"
        if not sheet.has(after, at) or not sheet.value(after, f"{at}/n"):
            continue
        n = sheet.show(after, f"{at}/n", "count")
        value, low, high = (sheet.show(after, f"{at}/{key}", "percent") for key in ("value", "low", "high"))
        before = "evidence/eval/base.json"
        was = f"{sheet.show(before, f'{at}/value', 'percent')} → " if sheet.has(before, f"{at}/value") else ""
        main: Value = sheet.value(after, f"{place}/main")
        found.append(f"{suite}, {main}: {was}{value} (95 %: {low} to {high}, n = {n}).")
    return found


def _where(named: Named) -> str:
    places = [f"https://huggingface.co/{repo}" for repo in (named.repo, named.gguf_repo if named.gguf else "") if repo]
    return " ".join(places)


def _long(facts: list[str], named: Named) -> str:
    return "\n\n".join([*facts, "What it cannot do is on the card, first of all under limitations."]).strip()


def _fit(facts: list[str], named: Named, length: int) -> str:
    """As many facts as fit, in their order; the first one cut where even it is too long."""
    said = ""
    for fact in facts:
        longer = f"{said} {fact}".strip()
        if len(longer) <= length:
            said = longer
    return said or facts[0][: length - 1] + "…"
