"""CPU of a whole build in two or more checkouts of this project, in paired runs.

    python benchmarks/engine/trees.py NEW OLD… [--mix code|tools|text|some|all] [--pairs 3]
        [--engine process|inline] [--parts [PART…]] [--same] [--json FILE]

One recipe that all checkouts read is built in turn by each; CPU seconds (user + system) are of the whole command with
its workers, which reading, start-up and the page about the build belong to. A ratio is NEW ÷ OLD within a round, after
a round that does not count and that compiles the modules once, as an installation does. Each checkout is the current
folder of its run, for `python -m` takes that one first.
``--parts`` builds NEW again with one stage switched off at a time, and with all those that an OLD of before lacked:
what each adds, if the cores are idle; on busy ones name the one to ask for. ``--same`` measures nothing and says
whether NEW and OLD publish the same bytes, ledger included.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

# Each source as a checkout of any age reads it.
MIXES: dict[str, tuple[str, ...]] = {
    "code": (
        "{name: alpaca, path: '{data}/data/codealpaca/aanony_20k_shards', format: instruction_pair, limit: 1000}",
        "{name: gpteacher, path: '{data}/data/gpteacher/Codegen/codegen-instruct.json', format: instruction_pair}",
        "{name: click, path: '{data}/data/curated_repos/click.tar.gz', format: code_repository}",
        "{name: cobra, path: '{data}/data/curated_repos/cobra.tar.gz', format: code_repository}",
    ),
    "tools": (
        "{name: seal, path: '{data}/data/seal_tools', format: seal_tools_folder}",
        "{name: glaive, path: '{data}/data/glaive_demo/data/glaive_toolcall_en_demo.json', format: sharegpt_tools}",
        "{name: fireact, path: '{data}/data/agent_traces/fireact/gpt_format', format: react_text}",
        "{name: claude, path: '{data}/traces/claude_code', format: claude_code}",
        "{name: swe, path: '{data}/traces/swe_agent_traj', format: swe_agent, include: ['*.traj']}",
        "{name: openhands, path: '{data}/traces/openhands_events', format: openhands_events}",
    ),
    "text": ("{name: gsm8k, path: '{data}/data/gsm8k/train.jsonl', format: gsm8k, limit: 3000}",),
}
MIXES["all"] = tuple(source for mix in MIXES.values() for source in mix)
MIXES["some"] = (  # of each kind enough for many runs in ten minutes
    MIXES["code"][0],
    MIXES["code"][2],
    "{name: fireact, path: '{data}/data/agent_traces/fireact/gpt_format', format: react_text, limit: 300}",
    MIXES["tools"][4],
    "{name: gsm8k, path: '{data}/data/gsm8k/train.jsonl', format: gsm8k, limit: 1000}",
)
ANSWERS = ("truncated", "repeated", "refused", "boilerplate", "echoed", "placeholder", "leftover")
BOUNDS = ("longest_line", "mean_line", "alphanumeric", "comments", "encoded", "code_lines")
# What a build does without each, as keys of its recipe.
PARTS = {
    "secrets and persons": ("clean.secrets=false", 'clean.keep_private=["*"]'),
    "benchmarks": ("decontaminate.against=[]",),
    "code": ("clean.code=keep",),
    "validation": ("clean.profile=off",),
    "answers": tuple(f"clean.answers.{kind}=keep" for kind in ANSWERS),
    "bounds of code": ("sift.languages={}", *(f"sift.{bound}=null" for bound in BOUNDS)),
    "comparison of tasks": ("split.task_threshold=1.0",),
    "page": ("report.write=false",),
    "Arrow": ("write.arrow=false",),
}
# Together, with the two benchmarks that were the first: what has no key (header licences, figures of code, checks of
# the published files) stays.
PARTS["all that came later"] = (
    'decontaminate.against=["humaneval","mbpp"]',
    *(key for part in ("answers", "bounds of code", "comparison of tasks", "page") for key in PARTS[part]),
)


def build(tree: Path, recipe: Path, out: Path, shared: Path, keys: tuple[str, ...]) -> float:
    """Build ``recipe`` with the code of ``tree``; CPU seconds of the command and its workers."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(recipe.parent / "compiled")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "sxl_data", "build", str(recipe), "-o", str(out), *keys],
        cwd=tree,
        env=os.environ | kept | {"SXL_DATA": str(shared), "PYTHONPATH": str(tree)},
        check=True,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def digests(out: Path) -> dict[str, str]:
    """The published files of a build, their bytes hashed."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("data", "ledger", "quarantine")
        for path in sorted((out / folder).rglob("*"))
        if path.is_file()
    }


def main() -> None:
    parser = harness.options(__doc__, quick=None)
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="NEW, and each OLD to compare it with")
    parser.add_argument("--mix", choices=MIXES, default="all")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--engine", choices=("process", "inline"), default="process", help="a worker, or none")
    parser.add_argument(
        "--parts", nargs="*", choices=PARTS, metavar="PART", help="also NEW without each of these, or of all"
    )
    parser.add_argument("--same", action="store_true", help="only whether all publish the same bytes")
    parser.add_argument("--shared", type=Path, default=harness.SHARED)
    args = parser.parse_args()
    trees = [tree.resolve() for tree in args.trees]
    engine = ("engine.workers=1", f"engine.kind={args.engine}")
    with TemporaryDirectory() as folder:
        recipe = Path(folder) / "mix.yaml"
        recipe.write_text("name: mix\nsources:\n" + "".join(f"  - {source}\n" for source in MIXES[args.mix]))
        runs = [(str(tree), tree, ()) for tree in trees]
        parts = [] if args.parts is None else args.parts or PARTS
        runs += [(f"without {part}", trees[0], PARTS[part]) for part in parts]
        found: dict[str, dict[str, str]] = {}
        times: dict[str, list[float]] = {name: [] for name, _, _ in runs}
        rows = 0
        for number in range(1 if args.same else args.pairs + 1):  # the first does not count
            for name, tree, keys in runs if number % 2 else reversed(runs):
                out = Path(folder) / "built" / f"{number}-{runs.index((name, tree, keys))}"
                seconds = build(tree, recipe, out, args.shared, (*engine, *keys))
                print(f"round {number}, {name}: {seconds:.2f} s", file=sys.stderr, flush=True)
                found[name] = digests(out)
                if name == str(trees[0]):
                    rows = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["stages"][0]["rows_in"]
                if number:
                    times[name].append(seconds)
    new = str(trees[0])
    for other in map(str, trees[1:]):
        differ = [
            name for name in sorted({*found[new], *found[other]}) if found[new].get(name) != found[other].get(name)
        ]
        print(f"{other}: {len(found[other])} files, {'all the same' if not differ else 'other: ' + ', '.join(differ)}")
    if args.same:
        return
    print(f"{args.mix}: {rows:,} documents, {args.pairs} pairs, load {os.getloadavg()[0]:.1f}")
    metrics: dict[str, object] = {"mix": args.mix, "documents": rows, "cpu": times}
    print(f"{'':<40}{'CPU s':>9}{'NEW ÷ it':>10}  each")
    for name, seconds in times.items():
        each = [mine / theirs for mine, theirs in zip(times[new], seconds, strict=True)]
        ratios = ", ".join(f"{ratio:.2f}" for ratio in each)
        print(f"{name[-40:]:<40}{statistics.median(seconds):>9.2f}{statistics.median(each):>10.2f}  {ratios}")
        metrics[f"ratio/{name}"] = each
    harness.finish(args.json, metrics)


if __name__ == "__main__":
    main()
