"""Is code what the languages' own compilers take for code, and is a guessed language the right one?

    python benchmarks/clean_code.py [--shared FOLDER] [--files N] [--quick] [--json FILE]

- Agreement: files whose language is known, as they are and damaged (a bracket gone, cut in the middle, a word doubled),
  judged by `files.shown` and by Python's ast, node --check, gcc and g++ -fsyntax-only, gofmt -e, rustfmt, javac's
  parser and bash -n. A row is dropped only on False, so None counts as "kept". A compiler that is not installed is
  left out by name; what gcc and g++ say of types and missing headers is no matter of syntax and is not counted.
- Guesses: of the same files, and of single functions of them as answers show them, the share of guesses that are right
  and how many texts got one.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from clean_compilers import COMPILERS, Compiler
from clean_files import known_files
from harness import interval

from sxl_data.files.shown import parses_as_shown
from sxl_data.files.syntax import parses
from sxl_data.read.functions import documented_functions
from sxl_data.read.language import guess_language

LONGEST = 60_000  # characters of a file


def damaged(text: str, rng: random.Random) -> Iterator[str]:
    """``text`` without a bracket, cut in the middle of a line, and with one word twice."""
    brackets = [at for at, character in enumerate(text) if character in "()[]{}"]
    if brackets:
        at = rng.choice(brackets)
        yield text[:at] + text[at + 1 :]
    yield text[: rng.randrange(len(text) // 3, 2 * len(text) // 3 + 1)]
    words = text.split(" ")
    at = rng.randrange(len(words))
    yield " ".join([*words[: at + 1], *words[at:]])


def agreement(language: str, compiler: Compiler, files: list[str], metrics: dict[str, float]) -> None:
    rng = random.Random(5)
    harmed = [text for file in files for text in damaged(file, rng)]
    print(f"{language:<12} {compiler.name:<22}", end="")
    for kind, texts in (("whole", files), ("damaged", harmed)):
        with TemporaryDirectory() as folder:
            truth = compiler.judge(texts, Path(folder))
        judged = [(text, good) for text, good in zip(texts, truth) if good is not None]
        same = [(parses_as_shown(language, text) is not False) == good for text, good in judged]
        lost = sum(good and parses_as_shown(language, text) is False for text, good in judged)
        share = sum(same) / max(1, len(same))
        low, high = interval(sum(same), len(same)) if same else (0.0, 1.0)
        print(f"  {kind} {share:7.2%} of {len(same):>4} ({low:.1%} to {high:.1%}), good dropped {lost:>2}", end="")
        metrics |= {f"{language}/{kind}": share, f"{language}/{kind}/lost": lost, f"{language}/{kind}/n": len(same)}
    print()


def said(language: str, text: str, guess: str) -> str:
    """The language of a file: TypeScript without a type in it is JavaScript as well."""
    return guess if language == "typescript" and guess == "javascript" and parses(guess, text) else language


def guesses(language: str, files: list[str], metrics: dict[str, float]) -> None:
    functions = [item.source for text in files for item in documented_functions(language, text)]
    print(f"{language:<12}", end="")
    for kind, texts in (("files", files), ("functions", functions)):
        made = [(guess, said(language, text, guess)) for text in texts if (guess := guess_language(text)) is not None]
        right = sum(guess == truth for guess, truth in made)
        wrong = sorted({guess for guess, truth in made if guess != truth})
        low, high = interval(right, len(made)) if made else (0.0, 1.0)
        print(f"  {kind} {right:>4} of {len(made):>4} guesses right ({low:.1%} to {high:.1%}), ", end="")
        print(f"{len(texts):>4} texts {wrong or ''}", end="")
        metrics |= {f"guess/{language}/{kind}": right / max(1, len(made)), f"guess/{language}/{kind}/n": len(made)}
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--files", type=int, default=150, help="most files of a language")
    parser.add_argument("--only", help="one language")
    parser.add_argument("--quick", action="store_true", help="20 files of each language")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not (args.shared / "data").is_dir():
        raise SystemExit(f"no real inputs at {args.shared / 'data'}")
    known = known_files(args.shared / "data", 20 if args.quick else args.files, LONGEST)
    known = {name: files for name, files in known.items() if args.only in (None, name)}
    metrics = dict[str, float]()
    print("Agreement with the language's own compiler")
    for language, files in known.items():
        compiler = COMPILERS.get(language)
        if compiler is None or not all(shutil.which(need) for need in compiler.needs):
            print(f"{language:<12} {'none installed' if compiler else 'no compiler that only parses'}")
            continue
        agreement(language, compiler, files, metrics)
    print("\nGuesses on texts whose language is known")
    for language, files in known.items():
        guesses(language, files, metrics)
    if args.json:
        report = {"machine": f"{platform.machine()} {platform.system()}", "metrics": metrics, "claims": []}
        args.json.write_text(json.dumps(report, indent=1), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
