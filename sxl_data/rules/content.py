"""C: is what is said, done and returned fit to be learnt?

In: a trace. Out: faults. Most texts are clean, so all texts of a trace are joined once and searched for
literal needles, which runs in C; only a text that may hold something is looked at closer.
"""

from __future__ import annotations

from collections.abc import Iterator

from sxl_data.contract import patterns
from sxl_data.contract.codes import table
from sxl_data.rules import Fault, private
from sxl_data.trace.types import ENCODER, Act, Iterate, Part, Reflect, Result, Step, Trace

CODES = table("""
C401 error empty-act
    title  An act says nothing and calls nothing
    why    the model would learn to answer with silence
    fix    remove the step, or restore its content
C402 warning think-tag-in-content
    title  Reasoning tags are left in what the agent says
    why    reasoning in the content is shown to users and survives where a template would drop it
    fix    move the text between the tags into a Reflect step
C403 warning call-markup-in-content
    title  Markup of a tool call is left in what the agent says
    why    the call was not parsed, so it has no arguments, no id and no result
    fix    turn it into a call, or read the file with --format hermes_text or react_text
C404 warning special-token-in-content
    title  A control token of a chat template is left in the text
    why    it is tokenised as a real turn border and breaks the conversation
    fix    remove it
C405 warning reasoning-repeated
    title  The reasoning is repeated in the act of its turn
    why    the same tokens are trained twice, once as thought and once as answer
    fix    keep it in the Reflect step only
C406 warning inline-base64
    title  Media are held inline as base64
    why    thousands of tokens of noise are trained, and tables grow without bound
    fix    store the file and give its uri, media_type and sha256
C407 error missing-media
    title  A part of type image, audio or file has no uri
    why    what the agent saw is not there
    fix    give the uri, or replace the part by a text that describes it
C408 note truncation-marker
    title  A result shows that it was cut
    why    the agent may have seen more, or less, than the trace shows
    fix    nothing to do if the agent saw the cut text; set `truncated: true`
C409 note empty-ok-result
    title  A result with status ok has no content
    why    it may have been lost
    fix    nothing to do if the tool prints nothing
C410 warning error-text-with-status-ok
    title  A result looks like an error and has status ok
    why    error rates and retry decisions read off it are wrong
    fix    set the status to `error`
""")

_THINK = patterns.compile(r"</?(?:think|thinking|reasoning)>")
_CALL = patterns.compile(
    r"</?tool_call>|<function_calls?>|<functioncall>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=\w+>"
)
SPECIAL_TOKEN = patterns.compile(
    r"<\|(?:im_start|im_end|im_sep|eot_id|eom_id|endoftext|end_of_text|begin_of_text|start_header_id|end_header_id"
    r"|start|end|message|channel|return|call|user|assistant|system|end_of_turn)\|>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<<SYS>>|<｜[^｜\n]{1,40}｜>"
)
_DATA = patterns.compile(r"data:[\w/.+-]*;base64,")
_TRUNCATED = patterns.compile(
    r"(?i)[\[<(…][^\n\[<(]{0,60}\b(?:truncated|clipped|omitted)\b[^\n]{0,60}[\]>)]|\.\.\. ?truncated"
)
_ERROR = patterns.compile(
    r"\s*(?:Traceback \(most recent call last\)|(?:\w+\.)*\w*(?:Error|Exception): |(?:bash|sh|zsh): .*not found"
    r"|fatal: |error(?:\[E\d+\])?: |<error>|\{\"error\":)"
)
_CUT_NEEDLES = ("runcated", "RUNCATED", "lipped", "LIPPED", "mitted", "MITTED")
REPEATED = 40  # shorter reasoning may well be said again
_BASE64_RUN = 1000
_THOUGHTS = 32
_BASE64 = bytes(b if b < 0x80 and (chr(b).isalnum() or chr(b) in "+/") else 0x20 for b in range(256))


def check(trace: Trace, wanted: str | None = None) -> Iterator[Fault]:
    """The faults of content in ``trace``. ``wanted`` are the closer looks that the text may need (as
    `_wanted` says), where who decoded it knows them already."""
    yield from _steps(trace)
    if wanted is None:
        wanted = _wanted(trace) + private.looks(ENCODER.encode(trace))
    if wanted.strip("kp"):
        for i, step in enumerate(trace.steps):
            yield from _texts(step, f"/steps/{i}", wanted)
    if "k" in wanted or "p" in wanted:
        yield from private.look(trace, wanted)


def _steps(trace: Trace) -> Iterator[Fault]:
    """What the parts of each step show without a look into their text."""
    thoughts: list[tuple[int, Reflect]] = []  # of the turn, in front of its act
    for i, step in enumerate(trace.steps):
        kind = type(step)
        if kind is Iterate:
            for k, result in enumerate(step.results):  # type: ignore[union-attr]
                content = result.content
                if result.status == "ok" and not (content and is_plain_output(content[0].text)):
                    yield from _ok(result, f"/steps/{i}/results/{k}")
                for part in content:
                    if part.type != "text":
                        yield from _media(content, f"/steps/{i}/results/{k}")
                        break
            continue
        if kind is Reflect:
            if thoughts and thoughts[0][1].turn != step.turn:
                thoughts = []
            if len(step.text) >= REPEATED:  # type: ignore[union-attr]
                thoughts.append((i, step))  # type: ignore[arg-type]
            continue
        if thoughts:
            if kind is Act:
                yield from _repeated(thoughts, i, step)  # type: ignore[arg-type]
            thoughts = []
        if kind is Act and not step.calls and not says(step.content):  # type: ignore[union-attr]
            yield Fault("C401", f"/steps/{i}", "no content and no calls", "one of them")
        for part in step.content:  # type: ignore[union-attr]
            if part.type != "text":
                yield from _media(step.content, f"/steps/{i}")  # type: ignore[union-attr]
                break


def _join(trace: Trace) -> str:
    """All texts of ``trace``."""
    texts: list[str] = []
    for step in trace.steps:
        if isinstance(step, Reflect):
            texts.append(step.text)
            continue
        if isinstance(step, Iterate):
            texts += [part.text for result in step.results for part in result.content if part.text is not None]
            continue
        texts += [part.text for part in step.content if part.text is not None]
        if isinstance(step, Act):
            texts += [call.arguments_json for call in step.calls]
    return "\n".join(texts)


def _wanted(trace: Trace) -> str:
    """Which closer looks the text may need: t(hink), c(all), s(pecial), b(ase64), x (cut)."""
    joined = _join(trace)
    found = ""
    if "<" in joined or "[" in joined:
        if "think" in joined or "reasoning>" in joined:
            found += "t"
        if "<tool_call" in joined or "</tool_call" in joined or "<function" in joined or "[TOOL_CALLS]" in joined:
            found += "c"
        if "<|" in joined or "_of_turn>" in joined or "INST]" in joined or "<｜" in joined or "<<SYS" in joined:
            found += "cs" if "c" not in found else "s"
    if ";base64," in joined or _may_be_base64(joined):
        found += "b"
    if any(needle in joined for needle in _CUT_NEEDLES):
        found += "x"
    return found


def _texts(step: Step, at: str, wanted: str) -> Iterator[Fault]:
    if isinstance(step, Reflect):
        yield from _base64(step.text, at + "/text", wanted)
        return
    if isinstance(step, Iterate):
        for k, result in enumerate(step.results):
            for n, part in enumerate(result.content):
                place = f"{at}/results/{k}/content/{n}/text"
                if part.text is None:
                    continue
                if "x" in wanted and not result.truncated and (match := _TRUNCATED.search(part.text)):
                    yield Fault("C408", place, repr(match.group()[:80]), "the whole output, or `truncated: true`")
                yield from _base64(part.text, place, wanted)
        return
    for n, part in enumerate(step.content):
        if part.text is None:
            continue
        place = f"{at}/content/{n}/text"
        if isinstance(step, Act):
            if "t" in wanted and (match := _THINK.search(part.text)):
                yield Fault("C402", place, match.group(), "text without reasoning tags")
            if "c" in wanted and (match := _CALL.search(part.text)):
                yield Fault("C403", place, match.group(), "text without call markup")
        if "s" in wanted and (match := SPECIAL_TOKEN.search(part.text)):
            yield Fault("C404", place, match.group(), "text without control tokens")
        yield from _base64(part.text, place, wanted)
    if isinstance(step, Act):
        for k, call in enumerate(step.calls):
            yield from _base64(call.arguments_json, f"{at}/calls/{k}/arguments_json", wanted)


def _base64(text: str, place: str, wanted: str) -> Iterator[Fault]:
    if "b" in wanted and _may_be_base64(text) and (found := _find_base64(text)):
        yield Fault("C406", place, f"{found[:40]!r}, {len(found)} characters", "a uri")


def _may_be_base64(text: str) -> bool:
    """Whether somewhere 500 characters pass without white space: a run of 1,000 holds such a window."""
    if ";base64," in text:
        return True
    return any(
        len(window) == 500 and len(window.split(None, 1)) == 1 and not window[0].isspace()
        for window in (text[i : i + 500] for i in range(0, len(text), 500))
    )


def _find_base64(text: str) -> str:
    """The data URI's head or the run of base64 in ``text``, else nothing. A run is found by taking all other
    characters out: as a pattern it would be a thousand states."""
    if ";base64," in text and (match := _DATA.search(text)):
        return str(match.group())
    runs = text.encode("utf-8", "replace").translate(_BASE64).split()
    return next((run.decode("ascii") for run in runs if len(run) >= _BASE64_RUN), "")


def says(content: tuple[Part, ...]) -> bool:
    return any(part.type != "text" or (part.text is not None and part.text.strip()) for part in content)


def is_plain_output(text: str | None) -> bool:
    """Whether ``text`` says something that does not begin like an error; a quick look that is never wrong
    when it says yes."""
    if not text or text[0].isspace():
        return False
    head = text[:120]
    first = head.split(None, 1)[0]  # a name and a colon, if not one of the two
    if len(first) < len(head) and ":" not in first and first != "Traceback" and not first.startswith("<error>"):
        return True
    if not ("rror" in head or "xception" in head or "Trace" in head or "not found" in head or "fatal" in head):
        return True
    return _ERROR.match(text) is None


def _ok(result: Result, at: str) -> Iterator[Fault]:
    first = result.content[0].text if result.content else None
    if not says(result.content) and not result.structured_json:
        yield Fault("C409", at, "status ok without content", "the output")
    elif first is not None and (match := _ERROR.match(first)):
        yield Fault("C410", f"{at}/status", f"status ok, text {match.group().strip()!r}", "status error")


def _media(content: tuple[Part, ...], at: str) -> Iterator[Fault]:
    for n, part in enumerate(content):
        if part.type in ("image", "audio", "file"):
            if not part.uri and part.sha256 is None and part.data_json is None and part.text is None:
                yield Fault("C407", f"{at}/content/{n}", f"type {part.type} without uri", "a uri")
            elif part.uri is not None and part.uri.startswith("data:"):
                yield Fault("C406", f"{at}/content/{n}/uri", f"{part.uri[:40]!r}, {len(part.uri)} characters", "a uri")


def _repeated(thoughts: list[tuple[int, Reflect]], n: int, act: Act) -> Iterator[Fault]:
    """Thoughts that the act ``n`` of their turn says again. Each is looked for in the whole act, so only the last
    `_THOUGHTS` are."""
    said = [part.text for part in act.content if part.text and len(part.text) >= REPEATED]
    for i, thought in thoughts[-_THOUGHTS:] if said else ():
        if thought.turn == act.turn and any(thought.text.strip() in text for text in said):
            yield Fault(
                "C405", f"/steps/{n}/content", "the reasoning of its turn again", "what is said only", (f"/steps/{i}",)
            )
