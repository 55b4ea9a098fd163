# ruff: noqa: E501 (patterns on one line each)
"""What prompt templates leave in answers and prompts, and how far it can be taken away for certain.

In: texts of a batch, or an answer and its task. Out: repaired texts; whether something is left that no repair mends.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import patterns

_ENDS = r"(?:</s>|<\|endoftext\|>|<\|end_of_text\|>|<\|im_end\|>|<\|eot_id\|>|<\|end\|>|<\|end_of_turn\|>|<end_of_turn>|<eos>|\[/?INST\]|### ?End\.?)"
_LAST = rf"(?:\s*{_ENDS})+\s*$"
_FIRST = r"^\s*(?:<s>\s*)?(?:### ?(?:Response|Answer|Output|Assistant|Solution) ?:?[ \t]*\n+|<\|im_start\|>assistant\n|<\|assistant\|>\n?|(?:ASSISTANT|Assistant): )"
_WRAPPED = patterns.compile(
    r"(?s)^\s*Below is an instruction that describes a task[^\n]*\n+### ?Instruction: ?\n(.*?)\n+(?:### ?Input: ?\n(.*?)\n+)?"
    r"### ?Response:\s*(?:Let['’]s think step by step\.?\s*)?$"
)
_OPENING = "Below is an instruction that describes a task"

_SECTION = patterns.compile(
    r"(?m)^#{2,4} ?(?:Instruction|Human|User|Assistant) ?:?[ \t]*$|^#{2,4} ?(?:Response|Input):[ \t]*$"
)
# A next turn that the model wrote itself.
_TURN = patterns.compile(r"(?s)\n(?:Human|HUMAN|USER|User): ?\S.*\n(?:Assistant|ASSISTANT|AI|GPT): ?\S")
_SLOT = patterns.compile(
    r"(?:^|[\s:])\{{1,2} ?(?:instruction|prompt|question|response|user_input|system_prompt|system_message|completion) ?\}{1,2}(?:\s|$)"
    r"|\{\{ ?(?:name|author|user|username|date|company|company_name|assistant_name|bot_name) ?\}\}"
    r"|<\|(?:im_start|start_header_id)\|>(?:user|assistant)|\[INST\]"
)


def trim_answers(texts: pa.Array) -> pa.Array:
    """Answers without the tokens of a template at their end and its marks at their beginning; one that holds nothing
    else stays."""
    held = pc.fill_null(pc.match_substring_regex(texts, f"{_LAST}|{_FIRST}"), False)
    if not pc.any(held).as_py():
        return texts
    some = texts.filter(held)
    trimmed = pc.replace_substring_regex(pc.replace_substring_regex(some, _LAST, ""), _FIRST, "")
    trimmed = pc.if_else(pc.equal(pc.utf8_trim_whitespace(trimmed), ""), some, trimmed)
    return pc.replace_with_mask(texts, held, trimmed)


def unwrap_prompts(texts: pa.Array) -> pa.Array:
    """Prompts without Alpaca's template around them: the instruction, and the input below it."""
    wrapped = pc.fill_null(pc.match_substring(texts, _OPENING), False)
    if not pc.any(wrapped).as_py():
        return texts
    return pc.replace_with_mask(
        texts, wrapped, pa.array(map(_unwrapped, texts.filter(wrapped).to_pylist()), texts.type)
    )


def _unwrapped(text: str) -> str:
    found = _WRAPPED.match(text)
    if found is None or not found[1].strip():
        return text
    return f"{found[1].strip()}\n\n{found[2].strip()}" if found[2] and found[2].strip() else found[1].strip()


def is_leftover(answer: str, task: str) -> bool:
    """Whether marks of a template stand in the answer, or an unfilled slot in either, that its own subject does not
    explain: the question speaks of it, or it stands in code."""
    if "`" in answer or "`" in task or "</" in answer:
        return False
    if not any(
        sign in answer or sign in task for sign in ("##", "uman:", "HUMAN:", "ser:", "USER:", "{", "[INST]", "<|")
    ):
        return False
    marks = any(mark.search(answer) is not None and mark.search(task) is None for mark in (_SECTION, _TURN))
    if marks or (len(task) < 80 and _SLOT.search(task) is not None):
        return True
    return _SLOT.search(answer) is not None and not any(
        word in task.lower()
        for word in ("template", "prompt", "token", "format", "jinja", "handlebars", "vue", "angular")
    )
