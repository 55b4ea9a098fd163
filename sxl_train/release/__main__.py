"""``python -m sxl_train.release RUN``: a finished run in; packages, card, evidence, announcement out.

Private and dry unless ``--yes``. ``… compare A B`` says whether two runs of the demonstration made the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import format_bytes, format_table, say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import GateMissed, error

if TYPE_CHECKING:
    from sxl_train.release.bundle import Bundle

EXAMPLES = """examples:
  python -m sxl_train.release build/train/qlora                       the packages, the card, the checks
  python -m sxl_train.release demo --clean environments --key key.pem clean environments, and a signature
  python -m sxl_train.release demo --measure                          both forms evaluated, not only the last
  python -m sxl_train.release demo --repo me/helper --yes             send it, private, once STATEMENT.md is signed
  python -m sxl_train.release verify build/release/model --public-key model.pub
  python -m sxl_train.release compare demo demo-again                 the same dataset, the same weights?
  python -m sxl_train.release evidence build/train/qlora -o small     what must leave a lent machine
  sxl-train rebuild small -o again                                    the rest of it made again, and compared

What is made lies in OUT: model/ (safetensors), gguf/ (one file and its Modelfile), ANNOUNCEMENT.md, and
STATEMENT.md, which a person reads and signs before anything is sent."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbs = {"compare": _compare, "evidence": _evidence, "verify": _verify}
    if words and words[0] in verbs:
        return answer(lambda: verbs[words[0]](words[1:]))
    return answer(lambda: _release(words))


def make_parser() -> Parser:
    """Of the release itself."""
    parser = Parser(
        prog="python -m sxl_train.release",
        description="Package a finished run so that a stranger can use it: checked, measured, described, signed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", help="out folder of a finished run, or of the demonstration")
    parser.add_argument("-o", "--out", default="build/release", help="where it goes (default: build/release)")
    parser.add_argument("--name", default="", help="name of the model (default: of --repo, or of the recipe)")
    parser.add_argument("--repo", default="", metavar="OWNER/NAME", help="the model on the Hub; GGUF in NAME-GGUF")
    parser.add_argument("--dataset-repo", default="", metavar="OWNER/NAME", help="where its dataset was published")
    parser.add_argument("--dataset", metavar="FOLDER", help="the build it was trained on, where that has moved")
    parser.add_argument("--clean", metavar="DIR", help="run the card's lines in environments with one library alone")
    parser.add_argument(
        "--measure",
        nargs="?",
        const="",
        metavar="DATA",
        help="ask each form that has no evaluation what the others were asked; DATA: folder of the benchmarks' files "
        "(default: $SXL_EVAL_DATA or .)",
    )
    parser.add_argument("--key", metavar="FILE", help="elliptic-curve private key in PEM to sign with, offline")
    parser.add_argument("--trace", metavar="FILE", help="a run of the model to draw (default: agent.jsonl beside RUN)")
    parser.add_argument("--again", metavar="FOLDER", help="the same made twice: REPRODUCE.md says what was equal")
    parser.add_argument("--yes", action="store_true", help="send it; without this nothing leaves the machine")
    parser.add_argument("--public", action="store_true", help="let everybody see it, once it is whole")
    return parser


def _release(words: Sequence[str]) -> int:
    options = make_parser().parse_args(words)
    if options.yes and not options.repo:
        raise error("U401", found="--yes without --repo", expected="--repo OWNER/NAME")
    for repo in (options.repo, options.dataset_repo):
        _require_id(repo)
    from sxl_train.release import finished
    from sxl_train.release.bundle import Wish, make_bundle
    from sxl_train.release.send import faults, send

    run = finished.find(Path(options.run), Path(options.dataset) if options.dataset else None)
    if options.measure is not None:
        from sxl_train.release.measured import measure
        from sxl_train.suites.files import folder

        run = measure(run, folder(options.measure))
    wish = Wish(
        name=options.name,
        repo=options.repo,
        dataset_repo=options.dataset_repo,
        clean=Path(options.clean) if options.clean else None,
        key=Path(options.key) if options.key else None,
        trace=_trace(options.trace, run.folder),
        again=_made_run(options.again) if options.again else None,
    )
    bundle = make_bundle(run, Path(options.out), wish)
    tell(_show(bundle))
    if options.yes:
        for address in send(bundle, options.public):
            tell(address)
        return 0
    against = faults(bundle)
    if against:
        say(str(GateMissed(*against)))
    say("nothing was sent: the same command with --repo and --yes does" + (", once that is mended" if against else ""))
    return 0


def _trace(given: str | None, run: Path) -> Path | None:
    if given and not Path(given).is_file():
        raise error("U201", file=given, found="no such file", expected="a trace in JSONL")
    beside = run.parent / "agent.jsonl"
    return Path(given) if given else beside if beside.is_file() else None


def _require_id(repo: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        if repo:
            validate_repo_id(repo)
    except HFValidationError as problem:
        raise error("U401", found=problem, expected="OWNER/NAME") from None


def _show(bundle: Bundle) -> str:
    rows = []
    for folder in (bundle.model, bundle.gguf):
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.is_file() and "every_eval_ever" not in path.parts:
                rows.append((path.relative_to(bundle.folder).as_posix(), format_bytes(path.stat().st_size)))
    rights = bundle.named.rights
    lines = [format_table(("file", "size"), rows), "", f"licence    {rights.spdx}: {rights.words}"]
    for ran in bundle.ran:
        where = "alone" if ran.clean else "beside other packages"
        lines.append(
            f"ran        {ran.library} {ran.version} {where}: {len(ran.calls)} valid call, {ran.cpu_seconds:.1f} CPU s"
        )
    lines.append(f"statement  {'signed by ' + bundle.signed if bundle.signed else 'an unsigned draft'}")
    return "\n".join(lines)


def _compare(words: Sequence[str]) -> int:
    parser = Parser(prog="python -m sxl_train.release compare", description="Whether two runs made the same.")
    parser.add_argument("first", help="a folder with dataset/ and model/, as `make demo` writes it")
    parser.add_argument("second", help="another")
    options = parser.parse_args(words)
    from sxl_train.release.reproduce import compare

    found = compare(_made_run(options.first), _made_run(options.second))
    tell(found.text())
    return 0 if found.same else 1


def _made_run(folder: str) -> Path:
    if not (Path(folder) / "model").is_dir():
        raise error("U201", file=folder, found="no model/ in it", expected="a folder that the demonstration wrote")
    return Path(folder)


def _evidence(words: Sequence[str]) -> int:
    parser = Parser(
        prog="python -m sxl_train.release evidence",
        description="What must travel of a run: records, losses, scores, samples and the weights of one step.",
    )
    parser.add_argument("run", help="the out folder of a run")
    parser.add_argument("-o", "--out", required=True, help="an empty folder")
    parser.add_argument("--weights", default="", metavar="STEP", help="whose (default: the adapter, else the package)")
    parser.add_argument("--part", default="60MB", metavar="SIZE", help="cut larger files into parts (default: 60MB)")
    options = parser.parse_args(words)
    from sxl_data.contract.sizes import parse_size
    from sxl_train.release.evidence import pack

    try:
        part = parse_size(options.part)
    except ValueError as problem:
        raise error("U401", found=f"--part {options.part}", expected="a size with its unit, such as 60MB") from problem
    found = pack(Path(options.run), Path(options.out), options.weights, part)
    size = sum(file.bytes for file in found.files.values() if file.kept)
    left = sum(file.bytes for file in found.files.values() if not file.kept)
    said = f"weights of {found.weights}; {format_bytes(left)} of other steps stay behind"
    tell(f"{options.out}: {format_bytes(size)}, {said}")
    return 0


def _verify(words: Sequence[str]) -> int:
    parser = Parser(prog="python -m sxl_train.release verify", description="Hashes, signature and bills of a package.")
    parser.add_argument("folder", help="model/ or gguf/ of a release")
    parser.add_argument("--public-key", metavar="FILE", help="the key that belongs to the signature")
    options = parser.parse_args(words)
    from sxl_train.release import bom, chain, sign

    folder = Path(options.folder)
    if not (folder / chain.SUMS).is_file():
        raise error("U201", file=str(folder), found=f"no {chain.SUMS}", expected="model/ or gguf/ of a release")
    if wrong := chain.damage(folder):
        raise error("T604", file=str(folder), found=", ".join(wrong[:5]), expected=f"the files of {chain.SUMS}")
    for name in (bom.AI, bom.SOFTWARE):
        if (folder / name).is_file():
            bom.check(name, (folder / name).read_text(encoding="utf-8"))
    said = "hashes hold"
    if options.public_key:
        sign.verify(folder, Path(options.public_key))
        said += ", signature holds"
    elif (folder / sign.NAME).is_file():
        said += "; the signature was NOT checked: --public-key FILE does, with the key of whom you trust"
    else:
        said += "; it is not signed, so nothing says who made it"
    tell(f"{folder}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
