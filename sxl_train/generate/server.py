"""An OpenAI-compatible server as a `Backend`: ``http(s)://host/v1``, or ``…/v1#model`` where it serves several.

Its structured calls and reasoning are written back as our own template writes them, so that whoever reads a sample
reads one form. What a server does not give (a grammar, likelihoods of a prompt) is refused, not imitated. The key, if
one is wanted, is taken from OPENAI_API_KEY and sent to the address given and to no other: redirects are not followed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeAlias
from urllib.parse import urldefrag, urlsplit

from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump
from sxl_train.data import mask
from sxl_train.generate.connection import Connection, Refused
from sxl_train.generate.prompts import as_dicts
from sxl_train.generate.rows import refuse
from sxl_train.generate.types import Finish, Message, Request, Sample, Score

Json: TypeAlias = dict[str, object]
WORKERS = 8


def spell_calls(message: Message) -> Json:
    """``message`` as the interface has it: the arguments of calls are a text there, and an object for templates."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return dict(message)
    spelt = [
        call | {"function": call["function"] | {"arguments": dump(call["function"]["arguments"])}}
        if isinstance(call["function"]["arguments"], dict)
        else call
        for call in calls
    ]
    return message | {"tool_calls": spelt}


class ServerBackend:
    """One model of one server."""

    def __init__(self, where: str, workers: int = WORKERS) -> None:
        """Asks the server for its models. Raises `UserError` T121 where nothing answers."""
        address, model = urldefrag(where)
        self._connection = Connection(address.rstrip("/"), os.environ.get("OPENAI_API_KEY", ""))
        self.model = model or self._find_model()
        self.name = f"{urlsplit(address).netloc} {self.model}"
        self.template = mask.Template(mask.OWN.read_text(encoding="utf-8"))
        self._workers = workers

    def _find_model(self) -> str:
        try:
            answer = self._connection.ask("models")
        except Refused as problem:
            raise self._connection.missing(str(problem)) from None
        listed = answer.get("data")
        first = listed[0] if isinstance(listed, list) and listed else None
        name = first.get("id") if isinstance(first, dict) else None
        if not isinstance(name, str):
            raise self._connection.missing("a list without a model")
        return name

    def generate(
        self,
        requests: Sequence[Request],
        progress: Callable[[int, int], None] | None = None,
        skip: frozenset[tuple[str, int]] = frozenset(),
    ) -> Iterator[Sample]:
        """Samples as they come; those in ``skip`` are left out. Raises `UserError` T121, T122."""
        if any(request.constrained and request.tools for request in requests):
            raise error(
                "T122",
                file=self.name,
                found="a server",
                expected="a model folder or a GGUF file",
                why="the interface has no way to hold an answer to a grammar",
            )
        wanted = [(r, i) for r in requests for i in range(r.samples) if (r.id, i) not in skip]
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = [pool.submit(self._sample, request, index) for request, index in wanted]
            try:
                for done, future in enumerate(as_completed(waiting), 1):
                    yield future.result()
                    if progress is not None:
                        progress(done, len(wanted))
            finally:
                pool.shutdown(cancel_futures=True)

    def _sample(self, request: Request, index: int) -> Sample:
        digest = hashlib.blake2b(f"{request.seed}\0{index}\0{request.id}".encode("utf-8", "replace"), digest_size=4)
        body: Json = {
            "model": self.model,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": int.from_bytes(digest.digest(), "little") >> 1,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        try:
            if request.messages is None:
                answer = self._connection.ask("completions", body | {"prompt": request.prompt})
            else:
                body["messages"] = [spell_calls(message) for message in request.messages]
                if request.tools:
                    body["tools"] = as_dicts(request.tools)
                answer = self._connection.ask("chat/completions", body)
        except Refused as problem:
            return refuse(request, str(problem))[index]
        return read_answer(request, index, answer)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Likelihoods, where the server echoes those of a prompt (vLLM does). Raises `UserError` T123 elsewhere."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(lambda pair: self._score(*pair), pairs))

    def _score(self, context: str, continuation: str) -> Score:
        body: Json = {"model": self.model, "prompt": context + continuation, "max_tokens": 1, "temperature": 0}
        try:
            answer = self._connection.ask("completions", body | {"echo": True, "logprobs": 1})
            told = _first(answer)["logprobs"]
            assert isinstance(told, dict)
            rows = list(zip(told["tokens"], told["token_logprobs"], told["text_offset"], told["top_logprobs"]))
        except (Refused, KeyError, TypeError, AssertionError):
            rows = []
        end = len(context + continuation)
        own = [row for row in rows if len(context) <= row[2] < end and row[1] is not None]
        if not own or own[0][2] > len(context):
            raise error("T123", file=self.name, found="no likelihoods of the prompt", expected="echo with logprobs")
        greedy = all(token == max(top or {token: 0.0}, key=lambda t: (top or {})[t]) for token, _, _, top in own)
        return Score(logprob=float(sum(row[1] for row in own)), tokens=len(own), greedy=greedy)

    def close(self) -> None:
        """Nothing is held."""


def read_answer(request: Request, index: int, answer: Json) -> Sample:
    """The sample in a server's answer: reasoning, text and calls as our own template writes them."""
    choice = _first(answer)
    message = choice.get("message")
    if isinstance(message, dict):
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        text = f"<think>{reasoning}</think>" if isinstance(reasoning, str) and reasoning else ""
        text += message.get("content") or ""
        calls = message.get("tool_calls")
        text += "".join(map(_write_call, calls if isinstance(calls, list) else []))
    else:
        text = str(choice.get("text") or "")
    counted = answer.get("usage")
    usage: Json = counted if isinstance(counted, dict) else {}
    finish: Finish = "length" if choice.get("finish_reason") == "length" else "stop"
    return Sample(
        request=request.id,
        index=index,
        text=text,
        finish=finish,
        prompt_tokens=int(str(usage.get("prompt_tokens") or 0)),
        tokens=int(str(usage.get("completion_tokens") or 0)),
    )


def _write_call(call: object) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return "<tool_call></tool_call>"
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    # As the server gave them: arguments that are no JSON are its model's mistake and are to be seen.
    return f'<tool_call>{{"name": {json.dumps(function.get("name"))}, "arguments": {arguments}}}</tool_call>'


def _first(answer: Json) -> Json:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}
