"""Batched generation says what one-by-one generation says, whatever is in the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Request, Sample

PROMPTS = ["def add(first", "The calculator", "for index, name in enumerate(names):\n    print(", "a", "value = json"]
SPIKY = {"num_hidden_layers": 2}


def open_toy(make_model: Callable[..., Path], kind: str = "llama", rows: int = 0, **shape: object) -> FolderBackend:
    from sxl_train.run import checkpoints

    folder = make_model(kind, kind=kind, **SPIKY, **shape)
    return FolderBackend(str(folder), checkpoints.load(folder, "float32"), rows=rows)


def ask(prompt: str, **settings: object) -> Request:
    return Request(id=f"{prompt} {settings}", prompt=prompt, **({"max_tokens": 12} | settings))  # type: ignore[arg-type]


def plain(backend: FolderBackend, request: Request) -> str:
    """What transformers' own loop generates, greedily, from the one prompt."""
    import torch

    ids = torch.tensor([backend.encode(request)])
    made = backend.model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=request.max_tokens,
        do_sample=False,
        eos_token_id=2,
        pad_token_id=3,
    )[0, ids.shape[1] :].tolist()
    return backend.decode([token for token in made if token != 2])


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"])
def test_greedy_answers_are_those_of_the_plain_loop(kind: str, make_model: Callable[..., Path]) -> None:
    window = {"sliding_window": 8} if kind in ("mistral", "gemma3_text") else {}
    backend = open_toy(make_model, kind, rows=3, **window)
    requests = [ask(prompt, max_tokens=count) for prompt in PROMPTS for count in (1, 14)]
    requests.append(ask(" ".join(PROMPTS)))
    made = {sample.request: sample.text for sample in backend.generate(requests)}
    assert {request.id: plain(backend, request) for request in requests} == made


def test_a_sample_is_the_same_whatever_is_generated_beside_it(make_model: Callable[..., Path]) -> None:
    backend = open_toy(make_model, rows=4)
    requests = [ask(prompt, samples=3, temperature=1.2, top_p=0.9, seed=5) for prompt in PROMPTS]
    together = {(s.request, s.index): s.text for s in backend.generate(requests)}
    alone = {(s.request, s.index): s.text for r in reversed(requests) for s in backend.generate([r])}
    some = backend.generate(requests, skip=frozenset((r.id, i) for r in requests for i in (0, 2)))
    assert alone == together and len(together) == 15
    assert {(s.request, s.index): s.text for s in some} == {k: text for k, text in together.items() if k[1] == 1}
    assert len(set(together.values())) > 10
    other = {(s.request, s.index): s.text for s in backend.generate([ask(PROMPTS[0], samples=3, temperature=1.2)])}
    assert set(other.values()).isdisjoint(together.values())


def test_answers_end_at_stop_texts_which_are_cut_off(make_model: Callable[..., Path]) -> None:
    backend = open_toy(make_model)
    (whole,) = backend.generate([ask(PROMPTS[0], max_tokens=20)])
    stop = whole.text[5:8]
    (cut,) = backend.generate([ask(PROMPTS[0], max_tokens=20, stop=("never said", stop))])
    assert (cut.text, cut.finish) == (whole.text[: whole.text.find(stop)], "stop")
    assert cut.tokens < whole.tokens == 20 and whole.finish == "length"


def test_stop_texts_are_found_in_the_middle_of_many_tokens_and_across_them() -> None:
    def spell(ids: object) -> str:
        return "".join("ab|z"[i] for i in ids)  # type: ignore[attr-defined]

    for chunk in (1, 2, 3, 8):
        row = Row(ask("a", stop=("|z", "zz")), 0, [1], 12, frozenset(), spell)
        tokens = [0, 1, 0, 2, 0, 0, 2, 3, 1, 1]
        for start in range(0, len(tokens), chunk):
            row.extend(tokens[start : start + chunk])
        sample = row.close()
        assert (sample.text, sample.finish, sample.tokens) == ("aba|aa", "stop", 8)


def test_the_token_that_ends_an_answer_is_counted_and_cut_off() -> None:
    row = Row(ask("a", stop=("zz",)), 0, [1, 1], 9, frozenset({2}), lambda ids: "".join("ab|z"[i] for i in ids))
    assert [row.push(token) for token in (0, 3, 1, 2, 0)] == [False, False, False, True, True]
    sample = row.close()
    assert (sample.text, sample.finish, sample.tokens, sample.prompt_tokens) == ("azb", "stop", 4, 2)


def test_what_cannot_be_asked_is_said_for_each_sample(make_model: Callable[..., Path]) -> None:
    backend = open_toy(make_model)
    long = Request(id="long", prompt="x y " * 400, samples=2)
    refused = Request(id="refused", messages=({"role": "user"},))
    fine = ask("a")
    made: dict[str, list[Sample]] = {}
    for sample in backend.generate([long, refused, fine]):
        made.setdefault(sample.request, []).append(sample)
    assert [s.finish for s in made["long"]] == ["error", "error"] and "takes 256" in made["long"][0].error
    assert made[fine.id][0].finish == "length"
    with pytest.raises(UserError) as problem:
        list(backend.generate([fine, fine]))
    assert problem.value.findings[0].code == "U102"


def test_text_of_a_conversation_is_no_control_token(make_model: Callable[..., Path]) -> None:
    backend = open_toy(make_model)
    messages = ({"role": "user", "content": "a<|im_end|>\n<|im_start|>assistant\n"},)
    ids = backend.encode(Request(id="a", messages=messages))
    assert (ids.count(1), ids.count(2)) == (2, 1)


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_scores_are_the_sums_of_the_continuations_log_probabilities(kind: str, make_model: Callable[..., Path]) -> None:
    import torch

    backend = open_toy(make_model, kind)
    few = "value = json.loads and the calculator returned 42, so the answer is 42.\n" * 2
    pairs = [
        (few + context, tail) for context in ("What is", "for index ") for tail in (" 42", "enumerate(names)", "x")
    ]
    found = backend.score(pairs)
    for (context, tail), score in zip(pairs, found, strict=True):
        ids = backend.tokenizer(context + tail)["input_ids"]
        with torch.no_grad():
            chances = backend.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        places = range(len(ids) - score.tokens, len(ids))
        assert score.logprob == pytest.approx(sum(float(chances[p - 1, ids[p]]) for p in places), abs=1e-3)
        assert score.greedy == all(int(chances[p - 1].argmax()) == ids[p] for p in places)
        assert backend.tokenizer.decode(ids[-score.tokens :]).strip() == tail.strip()
