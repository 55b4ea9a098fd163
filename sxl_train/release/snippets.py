"""The lines that a card shows, and that the check of a package runs as they stand.

They are written for somebody who has the folder and one library: nothing of sxl is in them. A name in capitals is
replaced: WHERE by the folder or the id on the Hub, FILE by the name of the GGUF file.
"""

from __future__ import annotations

import json

from sxl_train.run.objects import Object

TRANSFORMERS = """import json
from transformers import AutoModelForCausalLM, AutoTokenizer

where = "WHERE"  # the id on the Hub, or this folder
tokenizer = AutoTokenizer.from_pretrained(where)
model = AutoModelForCausalLM.from_pretrained(where)
asked = json.load(open("example.json", encoding="utf-8"))  # messages and tools
inputs = tokenizer.apply_chat_template(
    asked["messages"], tools=asked["tools"], add_generation_prompt=True, return_dict=True, return_tensors="pt"
)
made = model.generate(**inputs, max_new_tokens=96, do_sample=False)
print(tokenizer.decode(made[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))
"""

LLAMA = """import json
from llama_cpp import Llama

model = Llama("FILE", n_ctx=2048, verbose=False)
asked = json.load(open("example.json", encoding="utf-8"))  # messages and tools
made = model.create_chat_completion(messages=asked["messages"], tools=asked["tools"], temperature=0, max_tokens=96)
print(made["choices"][0]["message"]["content"])
"""


def transformers(where: str) -> str:
    """The lines for transformers."""
    return TRANSFORMERS.replace("WHERE", where)


def llama(file: str) -> str:
    """The lines for llama-cpp-python."""
    return LLAMA.replace("FILE", file)


def calls_in(text: str) -> list[Object]:
    """The calls of an answer as somebody without sxl reads them: JSON objects between ``<tool_call>`` marks."""
    found = []
    for part in text.split("<tool_call>")[1:]:
        try:
            call = json.loads(part.partition("</tool_call>")[0])
        except ValueError:
            continue
        if isinstance(call, dict) and "name" in call:
            found.append(call)
    return found
