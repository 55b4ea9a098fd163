"""A bundle onto the Hub: model and GGUF repositories, linked to each other and to the dataset; only after all checks.

In: the bundle as it lies on the disk. Out: their addresses. Nothing is sent that a person has not signed, that nobody
knows the licence of, whose files are not as `SHA256SUMS` says, or whose card says a number that no file has.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.errors import Finding, GateMissed, finding
from sxl_data.publish.repository import Repository
from sxl_train.release import chain, statement
from sxl_train.release.bundle import Bundle
from sxl_train.release.sheet import Number, check

MARKS = frozenset({"run.json", chain.SUMS})


def faults(bundle: Bundle) -> list[Finding]:
    """Everything that speaks against sending ``bundle``."""
    found = []
    if not bundle.signed:
        found.append(
            finding(
                "T602", file=str(bundle.folder / statement.NAME), found="no name behind Signed:", expected="a person"
            )
        )
    rights = bundle.named.rights
    if rights.spdx == "NOASSERTION":
        found.append(finding("T603", file=str(bundle.model), found="; ".join(rights.why), expected="a licence to name"))
    for folder in _folders(bundle):
        found += [
            finding("T604", file=str(folder), found=f"{n} is not as {chain.SUMS} says") for n in chain.damage(folder)
        ]
        numbers = msgspec.json.decode((folder / "trace.json").read_bytes(), type=list[Number])
        text = (folder / "README.md").read_text(encoding="utf-8")
        found += [
            finding("T604", file=str(folder / "README.md"), found=words) for words in check(folder, numbers, text)
        ]
        found += _card_faults(folder, text)
    if len(bundle.ran) < len(_folders(bundle)):
        found.append(
            finding("T604", file=str(bundle.folder), found="a package whose lines were not run", expected="--clean")
        )
    return found


def _card_faults(folder: Path, text: str) -> list[Finding]:
    """What huggingface_hub says of the card's metadata and of `.eval_results`."""
    import yaml
    from huggingface_hub import ModelCard, parse_eval_result_entries

    try:
        ModelCard(text)
        for path in sorted((folder / ".eval_results").glob("*.yaml")):
            parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as problem:
        return [finding("T604", file=str(folder / "README.md"), found=problem, expected="metadata that the Hub reads")]
    return []


def send(bundle: Bundle, public: bool) -> list[str]:
    """Send it; the addresses. Raises `GateMissed` with all `faults`, U503 to U506 and U509 for what the Hub says."""
    if found := faults(bundle):
        raise GateMissed(*found)
    repositories = [Repository(bundle.named.repo, "model", public)]
    if bundle.gguf:
        repositories.append(Repository(bundle.named.gguf_repo, "model", public))
    for repository in repositories:  # what keeps one of them from being sent keeps both
        repository.require_ours(MARKS)
    made = msgspec.json.decode((bundle.model / "run.json").read_bytes())
    tag = f"sxl-{made['chain'][:16]}"
    for repository, folder in zip(repositories, _folders(bundle)):
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        repository.publish(files, _is_ours, f"{made['name']}: {made['chain'][:16]}", "Packaged by sxl.", tag)
    for repository in repositories:
        repository.open()
    return [f"{repository.address}/tree/{tag}" for repository in repositories]


def _is_ours(name: str) -> bool:
    return name != ".gitattributes"


def _folders(bundle: Bundle) -> list[Path]:
    return [bundle.model, *([bundle.gguf] if bundle.gguf else [])]
