"""Planted edits of HumanEval, and ordinary rows: what each rule of decontamination finds, wrongly finds, and costs.

    python benchmarks/decontaminate.py [--shared FOLDER] [--quick] [--json FILE]

Rules beside ours are written anew from what their projects publish, since they belong to pipelines of their own:
datatrove's (a window of 12 words in common), allenai/decon's (coverage of an item's 5-word windows weighted by rarity,
with a threshold that depends on its length), BigCode's (docstring or solution as an exact substring of the row without
case and white space around it). All know HumanEval in Python alone, translations are HumanEval-X's with their
docstrings kept, and all see the same texts. Ordinary rows are those of repositories, the standard library, NL2Bash,
GSM8K's train part, StrategyQA, IR-Plag and articles, none of which holds an item. Times are CPU seconds as a ratio to
parsing the same documents from JSONL; ours is also timed against all benchmarks that ship. Intervals are Wilson's, of
95 %. Edits that the rules were not tuned on stand apart; so do items that are left with less than `FEW` tokens of code,
such as `return a + b` under other names, which nothing can tell from other people's. Then every benchmark that ships is
looked for by its own items.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import sysconfig
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from decontaminate_edits import items_of, planted
from decontaminate_fresh import every_set, fresh
from harness import interval

from sxl_data.decontaminate.fingerprints import load, names
from sxl_data.decontaminate.items import description
from sxl_data.decontaminate.match import match, prepare
from sxl_data.read.code_files import language_of
from sxl_data.read.functions import documented_functions

Rule = Callable[[list[str]], set[int]]
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\w+|[^\w\s]")
FEW = 30


def ours(*benchmarks: str) -> Rule:
    prepared = prepare({name: load(name) for name in benchmarks})
    return lambda texts: {found.row for found in match(pa.array(texts, pa.string()), prepared, 0.5)}


def windows(text: str, size: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return set(zip(*(words[k:] for k in range(size))))


def datatrove(items: list[tuple[str, str]]) -> Rule:
    """One window of 12 words of a prompt or solution in common."""
    known = {window for parts in items for part in parts for window in windows(part, 12)}
    return lambda texts: {row for row, text in enumerate(texts) if not known.isdisjoint(windows(text, 12))}


def decon(items: list[tuple[str, str]]) -> Rule:
    """The weighted share of a part's windows of 5 words, 0.8 of a long part and 1.0 of one of 20 words or fewer."""
    parts = [windows(part, 5) for pair in items for part in pair]
    parts = [part for part in parts if part]
    frequency = Counter(window for part in parts for window in part)
    weight = {window: math.log(len(parts) / count) + 0.01 for window, count in frequency.items()}
    holders: dict[tuple[str, ...], list[int]] = {}
    for number, part in enumerate(parts):
        for window in part:
            holders.setdefault(window, []).append(number)
    totals = [sum(weight[window] for window in part) for part in parts]
    needed = [0.8 + 0.2 * max(0.0, min(1.0, (50 - len(part)) / 30)) for part in parts]

    def find(texts: list[str]) -> set[int]:
        found = set()
        for row, text in enumerate(texts):
            shares: Counter[int] = Counter()
            for window in windows(text, 5) & holders.keys():
                for number in holders[window]:
                    shares[number] += weight[window]  # type: ignore[assignment]
            if any(share >= needed[number] * totals[number] - 1e-9 for number, share in shares.items()):
                found.add(row)
        return found

    return find


def bigcode(items: list[tuple[str, str]]) -> Rule:
    """Docstring or solution, stripped and in lower case, as a substring."""
    known = [text for prompt, solved in items for text in (description(prompt).lower(), solved.strip().lower())]
    known = [text for text in known if len(text) >= 10]
    return lambda texts: {row for row, text in enumerate(texts) if any(part in text.lower() for part in known)}


def recall(title: str, edits: dict[str, list[str]], rules: dict[str, Rule], metrics: dict[str, float]) -> None:
    """A table of what each rule finds of each edit."""
    print(f"\n{title:<38}" + "".join(f"{name:>11}" for name in rules) + "   interval of the first")
    for edit, texts in edits.items():
        found = {name: len(rule(texts)) for name, rule in rules.items()}
        low, high = interval(next(iter(found.values())), len(texts))
        shares = "".join(f"{count / len(texts):>11.1%}" for count in found.values())
        print(f"{f'{edit} ({len(texts)})':<38}{shares}   {low:.1%} to {high:.1%}", flush=True)
        metrics |= {f"{name}/{edit}": count / len(texts) for name, count in found.items()}


def ordinary(data: Path) -> Iterator[str]:
    """Rows that hold no item of HumanEval."""
    for name in ("click", "requests", "ripgrep", "cobra", "gson", "zod"):
        with tarfile.open(data / "curated_repos" / f"{name}.tar.gz") as archive:
            for member in archive:
                language = language_of(member.name)
                if member.isfile() and language and (stream := archive.extractfile(member)):
                    text = stream.read().decode("utf-8", "replace")
                    yield text
                    yield from (f"{item.words}\n{item.source}" for item in documented_functions(language, text))
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from (f"{item.words}\n{item.source}" for item in documented_functions("python", text))
    asked, commands = (
        (data / "nl2bash" / f"all.{end}").read_text(encoding="utf-8").splitlines() for end in ("nl", "cm")
    )
    yield from map("\n".join, zip(asked, commands))
    for line in (data / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield f"{row['question']}\n{row['answer']}"
    for row in json.loads((data / "strategyqa" / "train.json").read_text(encoding="utf-8")):
        yield f"{row['question']}\n" + "\n".join(row["facts"])
    with zipfile.ZipFile(data / "dedup_ir_plag" / "IR-Plag-Dataset.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".java"):
                yield archive.read(name).decode("utf-8", "replace")
    yield from (data / "dedup_minhash_articles" / "articles_2500.train").read_text(encoding="utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--quick", action="store_true", help="every tenth ordinary row")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    data, metrics = args.shared / "data", dict[str, float]()
    if not data.is_dir():
        raise SystemExit(f"no real inputs at {data}")
    items = items_of(data)
    rules = {"sxl": ours("humaneval"), "datatrove": datatrove(items), "decon": decon(items), "bigcode": bigcode(items)}
    edits = planted(data)
    bare = "renamed, no docstring"
    edits[f"{bare}, {FEW} tokens"] = [text for text in edits[bare] if len(_TOKEN.findall(text)) >= FEW]
    recall("HumanEval, edits known to the rules", edits, rules, metrics)
    recall("HumanEval, edits not known to them", fresh(data), rules, metrics)
    for name, texts in every_set(data):
        recall(name, {f"{name}: {edit}": said for edit, said in texts.items()}, {"sxl": ours(name)}, metrics)
    rows = list(ordinary(data))[:: 10 if args.quick else 1]
    lines = [json.dumps({"text": row}) for row in rows]
    begun = time.process_time()
    for line in lines:
        json.loads(line)
    parsing = time.process_time() - begun
    rules[f"sxl, {len(names())} sets"] = ours(*names())
    print(f"\n{len(rows):,} ordinary rows, {sum(map(len, rows)) / 1e6:.0f} MB: found, and time ÷ that of parsing them")
    for name, rule in rules.items():
        rule(rows[:50])
        begun = time.process_time()
        found = rule(rows)
        taken = (time.process_time() - begun) / parsing
        print(f"{name:<28} {len(found):>5} {len(found) / len(rows):>9.3%} {taken:>9.1f}")
        metrics |= {f"{name}/found": len(found), f"{name}/rows": len(rows), f"{name}/time": taken}
    if args.json:
        report = {"machine": f"{platform.machine()} {platform.system()}", "metrics": metrics, "claims": []}
        args.json.write_text(json.dumps(report, indent=1), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
