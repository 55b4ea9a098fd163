"""MMLU and GSM8K through lm-evaluation-harness, on files at hand: its prompts and scoring, our model and intervals.

``mmlu``: 57 subjects, five examples of each, the likeliest of the letters (Hendrycks and others 2021, arXiv
2009.03300). ``mmlu-cloze``: no example, the likeliest of the answers' own texts, by characters (``acc_norm``), as small
models are compared. ``gsm8k``: five worked examples, the number behind ``####`` (arXiv 2110.14168).
"""

from __future__ import annotations

import csv
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from sxl_data.contract.errors import error
from sxl_train.generate.types import Request, Sample
from sxl_train.run.objects import Object
from sxl_train.suites import files, gsm8k
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM

MMLU_FILES = ("mmlu_dev_test.tar.gz", "data.tar")
SHOTS = 5
_LETTERS = ["A", "B", "C", "D"]
_MOST = 4_000_000
Config: TypeAlias = Object


def make_model(suite: str, ask: Asker, options: Options) -> LM:
    """Our model as the harness sees one."""
    from lm_eval.api.model import LM

    class Asked(LM):  # type: ignore[misc]
        """Likelihoods and texts by an `Asker`."""

        def __init__(self) -> None:
            super().__init__()
            self.answers: list[Sample] = []

        def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            found = ask.score([request.args for request in requests])
            return [(score.logprob, score.greedy) for score in found]

        def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
            return [score.logprob for score in ask.score([("", request.args[0]) for request in requests])]

        def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
            asked = [
                Request(
                    id=f"{suite}:{request.doc_id}",
                    prompt=request.args[0],
                    stop=tuple(request.args[1].get("until") or ()),
                    max_tokens=int(request.args[1].get("max_gen_toks", options.max_tokens)),
                    seed=options.seed,
                )
                for request in requests
            ]
            self.answers = [samples[0] for samples in ask(asked)]
            return [sample.text for sample in self.answers]

    return Asked()


def mmlu_rows(path: Path) -> dict[str, tuple[list[Object], list[Object]]]:
    """Subject → (examples, test questions). Raises `UserError` T302 for an archive that is none of MMLU."""
    found: dict[str, tuple[list[Object], list[Object]]] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                split = name.parent.name
                if not member.isfile() or member.size > _MOST or split not in ("dev", "test") or name.suffix != ".csv":
                    continue
                held = archive.extractfile(member)
                text = held.read().decode("utf-8") if held else ""
                subject = name.stem.removesuffix(f"_{split}")
                rows = [
                    {"question": row[0], "choices": row[1:5], "answer": _LETTERS.index(row[5]), "number": number}
                    for number, row in enumerate(csv.reader(io.StringIO(text)))
                ]
                found.setdefault(subject, ([], []))[split == "test"].extend(rows)
    except (OSError, EOFError, tarfile.TarError, ValueError, IndexError, csv.Error) as problem:
        raise error("T302", file=str(path), found=f"{type(problem).__name__}: {problem}") from None
    if not found:
        raise error("T302", file=str(path), found="no dev/*.csv and test/*.csv")
    return dict(sorted(found.items()))


def _mmlu(cloze: bool, data: Path, options: Options, folder: Path) -> Iterator[Config]:
    subjects = mmlu_rows(files.find(data, MMLU_FILES, "mmlu"))
    every = [(subject, row) for subject, (_, tests) in subjects.items() for row in tests]
    chosen = spread(every, options.limit)
    for subject, (examples, _) in subjects.items():
        tests = [row for name, row in chosen if name == subject]
        if not tests:
            continue
        choices = "".join(f"\n{letter}. {{{{choices[{place}]}}}}" for place, letter in enumerate(_LETTERS))
        letters: Config = {
            "description": f"The following are multiple choice questions (with answers) about {_spoken(subject)}.\n\n",
            "doc_to_text": "{{question.strip()}}" + choices + "\nAnswer:",
            "doc_to_choice": _LETTERS,
            "num_fewshot": SHOTS,
        }
        texts: Config = {
            "doc_to_text": "Question: {{question.strip()}}\nAnswer:",
            "doc_to_choice": "{{choices}}",
            "num_fewshot": 0,
        }
        measures = ["acc", "acc_norm"] if cloze else ["acc"]
        yield {
            "task": subject,
            **_local(folder, subject, test=tests, dev=examples),
            "fewshot_split": "dev",
            "fewshot_config": {"sampler": "first_n"},
            "output_type": "multiple_choice",
            "doc_to_target": "answer",
            "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in measures],
            **(texts if cloze else letters),
        }


def _gsm8k(data: Path, options: Options, folder: Path) -> Iterator[Config]:
    path = gsm8k.find(data)
    tests = [row | {"number": number} for number, row in enumerate(files.rows(path))]
    yield {
        "task": "gsm8k",
        **_local(
            folder, "gsm8k", test=spread(tests, options.limit), train=list(files.rows(path.with_name("train.jsonl")))
        ),
        "fewshot_split": "train",
        "output_type": "generate_until",
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_target": "{{answer}}",
        "num_fewshot": SHOTS,
        "generation_kwargs": {"until": ["Question:", "</s>", "<|im_end|>"], "do_sample": False, "temperature": 0.0},
        "metric_list": [
            {
                "metric": "exact_match",
                "aggregation": "mean",
                "higher_is_better": True,
                "ignore_case": True,
                "ignore_punctuation": False,
                "regexes_to_ignore": [",", "\\$", "(?s).*#### ", "\\.$"],
            }
        ],
        "filter_list": [
            _filter("strict", {"regex_pattern": "#### (\\-?[0-9\\.\\,]+)"}),
            _filter("flexible", {"group_select": -1, "regex_pattern": "(-?[$0-9.,]{2,})|(-?[0-9]+)"}),
        ],
    }


def _filter(name: str, settings: Object) -> Config:
    return {"name": name, "filter": [{"function": "regex", **settings}, {"function": "take_first"}]}


def _local(folder: Path, name: str, **splits: Sequence[Object]) -> Config:
    """The splits written where the harness reads them."""
    written = {}
    for split, rows in splits.items():
        written[split] = str(folder / f"{name}.{split}.jsonl")
        Path(written[split]).write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return {
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": written, "cache_dir": str(folder / "cache")},
        "test_split": "test",
        "metadata": {"version": 1.0},
    }


def _spoken(subject: str) -> str:
    return subject.replace("_", " ")


def _measure(name: str, configs: Callable[..., Iterator[Config]], ask: Asker, options: Options) -> list[Outcome]:
    if find_spec("lm_eval") is None:
        raise error("U402", found="no package lm_eval", expected="pip install 'sheikh-sxl[eval]'")
    os.environ.setdefault("TQDM_DISABLE", "1")
    import datasets
    from lm_eval import simple_evaluate

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory(prefix="sxl-eval-") as place:
        tasks = list(configs(options.data, options, Path(place)))
        model = make_model(name, ask, options)
        done = simple_evaluate(model=model, tasks=tasks, log_samples=True, bootstrap_iters=0, verbosity="ERROR")
    samples = done["samples"]
    return [
        outcome for task in tasks for outcome in _outcomes(name, task["task"], samples[task["task"]], model.answers)
    ]


def _outcomes(suite: str, task: str, rows: list[Object], answers: Sequence[Sample]) -> Iterator[Outcome]:
    scores: dict[int, dict[str, float]] = {}
    kept: dict[int, Object] = {}
    for row in rows:
        for metric in ("acc", "acc_norm", "exact_match"):
            if metric in row:
                name = row["filter"] if metric == "exact_match" else metric
                scores.setdefault(row["doc_id"], {})[name] = float(row[metric])
        kept[row["doc_id"]] = row
    for number, row in kept.items():
        right = max(scores[number].values())
        sample = answers[number] if number < len(answers) else None
        context = (
            row["arguments"][0][0] if isinstance(row["arguments"], list) else row["arguments"]["gen_args_0"]["arg_0"]
        )
        yield Outcome(
            suite=suite,
            item=f"{task}/{row['doc']['number']}",
            group=task if suite != "gsm8k" else "",
            scores=scores[number],
            kind="" if right else "another answer",
            request=json.dumps(context, ensure_ascii=False),
            text=sample.text if sample else json.dumps(row["resps"]),
            wanted=str(row["target"]),
            finish=sample.finish if sample else "",
            prompt_tokens=sample.prompt_tokens if sample else 0,
            tokens=sample.tokens if sample else 0,
        )


def _suite(
    name: str,
    title: str,
    how: str,
    main: str,
    configs: Callable[..., Iterator[Config]],
    needs: tuple[str, ...] = (),
    locate: Callable[[Path], Path] | None = None,
) -> Suite:
    return Suite(
        name=name,
        title=title,
        protocol=f"lm-evaluation-harness, {how}",
        main=main,
        files=needs,
        locate=locate,
        measure=partial(_measure, name, configs),
    )


SUITES = (
    _suite("mmlu", "MMLU, 57 subjects", "5-shot, letters", "acc", partial(_mmlu, False), MMLU_FILES),
    _suite("mmlu-cloze", "MMLU, cloze", "0-shot, answers as texts", "acc_norm", partial(_mmlu, True), MMLU_FILES),
    _suite("gsm8k", "GSM8K", "5-shot, strict and flexible match", "strict", _gsm8k, gsm8k.FILES, gsm8k.find),
)
