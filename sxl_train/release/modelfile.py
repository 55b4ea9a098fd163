"""A chat template → the Modelfile that Ollama builds a model from, with template, tools and stop words.

Ollama renders prompts with Go templates, not with the one inside the GGUF file. Those here say what `sxl.jinja` and
`short.jinja` say for a conversation of system, user, assistant and tool turns; a template of somebody else is not
translated, and Ollama then reads the GGUF file's own where it knows it. Reasoning of earlier turns is not shown by it.
Source: https://docs.ollama.com/modelfile, https://docs.ollama.com/template
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract import patterns
from sxl_train.data.mask import OWN

_HEAD = """{{- $system := .System }}
{{- if .Tools }}<|im_start|>system
{{ if $system }}{{ $system }}

{{ end }}Call tools as <tool_call>{"name": …, "arguments": {…}}</tool_call>. Tools:
{{ range .Tools }}{{ TOOL }}
{{ end }}<|im_end|>
{{ else if $system }}<|im_start|>system
{{ $system }}<|im_end|>
{{ end }}
{{- range .Messages }}
{{- if eq .Role "assistant" }}<|im_start|>assistant
{{ .Content }}
{{- range .ToolCalls }}<tool_call>{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}</tool_call>
{{- end }}<|im_end|>
{{ else if ne .Role "system" }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}
{{- end }}<|im_start|>assistant
"""
_SHORT = (
    "{{ .Function.Name }}("
    "{{- $required := .Function.Parameters.Required }}{{- $first := true }}"
    "{{- range $name, $schema := .Function.Parameters.Properties }}"
    "{{- if not $first }}, {{ end }}{{- $first = false }}{{ $name }}"
    "{{- $optional := true }}{{- range $required }}{{ if eq . $name }}{{ $optional = false }}{{ end }}{{ end }}"
    "{{- if $optional }}?{{ end }}: "
    "{{ if $schema.Enum }}{{ range $place, $one := $schema.Enum }}{{ if $place }}|{{ end }}{{ $one }}{{ end }}"
    "{{- else }}{{ $schema.Type }}{{ end }}"
    "{{- end }}) {{ .Function.Description }}"
)
_TOOLS = {"sxl.jinja": "{{ .Function }}", "short.jinja": _SHORT}
"""Our template → how it writes one tool, in Go. A Go map is walked by name, so parameters come in that order."""
_ACTION = patterns.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")


def make(gguf: str, template: str, eos: str, licence: str) -> str:
    """The Modelfile of the file ``gguf``, whose chat template is ``template``."""
    lines = [f"FROM ./{gguf}", "PARAMETER temperature 0"]
    if eos:
        lines.append(f'PARAMETER stop "{eos}"')
    name = next((name for name in _TOOLS if _ours(name) == template.strip()), None)
    if name:
        lines.append('TEMPLATE """' + translate(name) + '"""')
    else:
        lines.append(
            "# The chat template is not one of sxl's: Ollama takes the one inside the file, where it knows it."
        )
    if licence:
        lines.append(f'LICENSE """{licence}"""')
    return "\n".join(lines) + "\n"


def translate(name: str) -> str:
    """Our template ``name`` as Ollama's."""
    return _HEAD.replace("{{ TOOL }}", _TOOLS[name])


def _ours(name: str) -> str:
    return OWN.with_name(name).read_text(encoding="utf-8").strip()


def faults(text: str, folder: Path) -> list[str]:
    """What keeps Ollama from building it, as far as that can be seen without Ollama: the file is there, every block
    of the template is closed, no text ends a string early."""
    found = []
    source = text.splitlines()[0].removeprefix("FROM ").strip()
    if not (folder / source).is_file():
        found.append(f"FROM {source}: no such file")
    if text.count('"""') % 2:
        found.append('a """ too many')
    open_ = 0
    for action in _ACTION.findall(text):
        word = action.split(" ")[0]
        open_ += word in ("if", "range", "with", "block", "define")
        open_ -= word == "end"
        if open_ < 0:
            break
    if open_:
        found.append("a block of the template is not closed" if open_ > 0 else "an {{ end }} too many")
    return found
