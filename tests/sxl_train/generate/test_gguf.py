"""A GGUF file through llama.cpp: many sequences at once say what each says alone, and what transformers says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sxl_train.data import mask
from sxl_train.generate.constraint import fill
from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.llama import count_cores
from sxl_train.generate.opening import open_model
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Backend, Request

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
PROMPTS = ["def add(first", "The calculator", "for index, name in enumerate(names):\n    print(", "value = json"]
Open = Callable[..., tuple[Backend, FolderBackend]]


@pytest.fixture
def both(make_model: Callable[..., Path], tmp_path: Path) -> Iterator[Open]:
    """The same weights through llama.cpp and through transformers."""
    from sxl_train.run import checkpoints
    from sxl_train.storage import gguf

    opened: list[Backend] = []

    def make(kind: str = "llama", rows: int = 3) -> tuple[Backend, FolderBackend]:
        folder = make_model(kind, kind=kind, num_hidden_layers=2)
        opened.append(open_model(str(gguf.write(folder, tmp_path / "model.gguf", "f16")), rows=rows))
        return opened[-1], FolderBackend(str(folder), checkpoints.load(folder, "float32"))

    yield make
    for backend in opened:
        backend.close()


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3_text"])
def test_greedy_answers_are_those_of_transformers(kind: str, both: Open) -> None:
    llama, folder = both(kind)
    requests = [Request(id=prompt, prompt=prompt, max_tokens=10) for prompt in PROMPTS]
    made = {sample.request: sample for sample in llama.generate(requests)}
    wanted = {sample.request: sample for sample in folder.generate(requests)}
    # llama.cpp keeps keys and values in float16: a near tie of random weights may fall the other way.
    equal = [made[prompt].text == wanted[prompt].text for prompt in PROMPTS]
    assert sum(equal) >= len(PROMPTS) - 1
    assert [made[p].prompt_tokens for p in PROMPTS] == [wanted[p].prompt_tokens for p in PROMPTS]


def test_samples_are_the_same_alone_and_together_and_prompts_are_shared(both: Open) -> None:
    llama, _ = both()
    requests = [
        Request(id=prompt, prompt=prompt, samples=3, temperature=1.1, top_p=0.9, max_tokens=8) for prompt in PROMPTS
    ]
    together = {(s.request, s.index): s.text for s in llama.generate(requests)}
    alone = {}
    for request in reversed(requests):  # each by a backend that holds nothing yet
        other = open_model(llama.name.removeprefix("llama.cpp "), rows=3)
        alone |= {(sample.request, sample.index): sample.text for sample in other.generate([request])}
        other.close()
    assert alone == together and len(together) == 12
    (skipped,) = llama.generate(requests[:1], skip=frozenset({(PROMPTS[0], 0), (PROMPTS[0], 2)}))  # type: ignore[call-arg]
    assert skipped.text == together[PROMPTS[0], 1]


def test_scores_are_those_of_transformers(both: Open) -> None:
    llama, folder = both()
    pairs = [("The calculator returned", tail) for tail in (" 42", " names", " 4 and more")] + [("def", " add(")]
    for ours, theirs in zip(llama.score(pairs), folder.score(pairs), strict=True):
        assert ours.tokens == theirs.tokens and ours.logprob == pytest.approx(theirs.logprob, abs=0.05)


def test_threads_wait_without_spinning_and_a_small_model_makes_single_tokens_with_one(both: Open) -> None:
    llama, _ = both()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    list(llama.generate([Request(id="a", prompt="def", max_tokens=1)]))
    found: Any = llama
    library, state = found.llama.library, found.llama._state
    assert library.llama_n_threads(state) == 1
    assert library.llama_n_threads_batch(state) == count_cores()


def test_text_of_a_conversation_is_no_control_token(both: Open) -> None:
    llama, folder = both()
    messages = ({"role": "user", "content": "a<|im_end|>\n<|im_start|>assistant\n"},)
    request = Request(id="a", messages=messages)
    ids = llama.encode(request)  # type: ignore[attr-defined]
    assert (ids.count(1), ids.count(2)) == (2, 1)
    plain = Request(id="b", messages=({"role": "user", "content": "What is 12 * 5?"},))
    assert llama.encode(plain) == folder.encode(plain)  # type: ignore[attr-defined]


def test_calls_are_held_to_the_tools_schemas(both: Open) -> None:
    pytest.importorskip("llguidance")
    llama, _ = both()
    llama.template = mask.Template(mask.OWN.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}, "required": ["b"]}
    tools: tuple[dict[str, object], ...] = ({"type": "function", "function": {"name": "f", "parameters": schema}},)
    request = Request(id="a", prompt="a", tools=tools, constrained=True)
    random, begin = np.random.default_rng(3), llama.llama.tokenise("so <tool_call>")  # type: ignore[attr-defined]
    for _ in range(12):
        held = llama._constrain(request)  # type: ignore[attr-defined]
        row = Row(request, 0, [1], 150, llama._ends, llama.decode, held)  # type: ignore[attr-defined]
        while row.finish is None:
            bits = np.unpackbits(fill([row]).view(np.uint8), bitorder="little")[: llama.llama.size]  # type: ignore[attr-defined]
            row.push(begin[len(row.ids)] if len(row.ids) < len(begin) else int(random.choice(np.flatnonzero(bits))))
        body = row.close().text.removeprefix("so <tool_call>").removesuffix("</tool_call>")
        for part in body.split("</tool_call><tool_call>"):
            call = json.loads(part)
            assert call["name"] == "f" and set(call["arguments"]) in ({"b"}, {"a", "b"})
            assert call["arguments"]["b"] in "xy" and isinstance(call["arguments"].get("a", 0), int)


def test_conversations_that_go_on_side_by_side_are_not_read_again(both: Open) -> None:
    """Each further turn costs its own tokens, and says what it says to a model that heard nothing before."""
    llama, _ = both()
    fresh = open_model(llama.name.removeprefix("llama.cpp "), rows=3)
    inner, read = llama.llama, []  # type: ignore[attr-defined]
    decode = inner.decode
    inner.decode = lambda tokens, wanted: read.append(len(tokens)) or decode(tokens, wanted)
    said = {name: f"{name} words that are read " + "once " * 12 for name in ("Seven", "Other")}
    for turn in range(3):
        requests = [Request(id=f"{n}{turn}", prompt=text, max_tokens=5) for n, text in said.items()]
        read.clear()
        made = {sample.request: sample for sample in llama.generate(requests)}
        assert made == {sample.request: sample for sample in fresh.generate(requests)}
        assert all(sample.tokens for sample in made.values())
        lengths = sum(sample.prompt_tokens for sample in made.values())
        assert sum(read) < 80 if turn else sum(read) > lengths, (turn, read)
        said = {n: text + made[f"{n}{turn}"].text + " and then" for n, text in said.items()}
    fresh.close()


def test_who_stops_in_the_middle_leaves_nothing_behind(both: Open) -> None:
    llama, _ = both(rows=2)
    requests = [Request(id=prompt, prompt=prompt, max_tokens=12) for prompt in PROMPTS]
    whole = {sample.request: sample for sample in llama.generate(requests)}
    for _ in range(8):
        asked = llama.generate(requests)
        next(asked)
        asked.close()  # type: ignore[attr-defined]
    assert {sample.request: sample for sample in llama.generate(requests)} == whole


def test_a_few_rows_of_q8_0_are_decoded_as_each_alone(make_model: Callable[..., Path], tmp_path: Path) -> None:
    from sxl_train.generate.llama import Llama
    from sxl_train.storage import gguf

    llama = Llama(gguf.write(make_model(), tmp_path / "model.gguf", "q8_0"), threads=1)
    llama.open_cells(512, 8)

    def of(*rows: int) -> np.ndarray[Any, Any]:
        for row in rows:
            llama.forget(row)
        found: np.ndarray[Any, Any] = llama.decode([(5 + row, 0, row) for row in rows], range(len(rows)))
        return found

    alone = np.concatenate([of(row) for row in range(8)])
    assert "Q8_0" == llama.weights
    assert np.array_equal(alone[:3], of(0, 1, 2))
    np.testing.assert_allclose(alone, of(*range(8)), atol=0.05)
    llama.close()
