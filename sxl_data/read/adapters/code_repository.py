"""A repository's source files: every documented function becomes a write-this task.

In: one source file (Python, JavaScript, TypeScript, Rust, Go, Java, C, C++, shell). Out: for each
documented function an Observe with its documentation, its path, the imports it uses and its signature,
and a final Act with the function as it stands in the file. Every word comes from the file. Tests,
generated and vendored files give nothing unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import msgspec

from sxl_data.contract import patterns
from sxl_data.read.code_files import LANGUAGES, language_of, sort_of
from sxl_data.read.functions import GRAMMARS, Function, documented_functions
from sxl_data.read.licence_headers import licence_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Option, Origin, Reading, Unit

# A function shorter than this says nothing beyond its signature; a longer one is a program.
MIN_LINES, MAX_LINES = 4, 150
MIN_WORDS, MAX_CHARACTERS = 5, 6_000
# A parser spends minutes on pathological input; what people write stays far below.
MAX_FILE = 1_000_000

_UNFINISHED = patterns.compile(r"\b(?:TODO: implement|NotImplementedError|todo!\(|unimplemented!\()")


class CodeRepository:
    """Source files, one trace for each documented function."""

    name = "code_repository"
    title = "source files of a repository: documented functions"
    unit: Unit = "text"
    suffixes = tuple(LANGUAGES)
    options: ClassVar = {
        "repository": Option("name of the repository; the source's without it"),
        "tests": Option("read test files too", bool),
        "group": Option("what stays on one side of a split", Literal["repository", "file"]),
    }
    leaves_out = (
        LeftOut(
            "*",
            f"single functions of {MIN_LINES} to {MAX_LINES} lines are taken out of a file, with a description of "
            f"{MIN_WORDS} words at least; none of tests, generated and vendored files, and none that is unfinished",
        ),
    )
    composes = (("observe", "asks for a function in words around its description"), ("task", "the same words"))

    def detect(self, sample: Any) -> str | None:
        return None  # text files are not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        language, text = language_of(document.file), document.text
        if language is None or text is None or len(text) > MAX_FILE:
            return
        sort = sort_of(document.file, text)
        if sort in ("generated", "vendored") or (sort == "test" and not origin.options.get("tests")):
            return
        repository = str(origin.options.get("repository", origin.source))
        by_file = origin.options.get("group") == "file"
        # The file's own header comes before the licence file above it, both before the recipe.
        licence = licence_of(text) or document.licence
        if licence:
            origin = msgspec.structs.replace(origin, licence=licence, licence_url=None)
        taken = (item for item in documented_functions(language, text.replace("\r\n", "\n")) if is_task(item))
        for part, item in enumerate(taken):
            builder = Builder("code", item.words)
            builder.observe(prompt(language, document.file, item))
            builder.say(item.source, final=True)
            builder.ext = {
                "code": {
                    "repository": repository,
                    "path": document.file,
                    "line": item.line,
                    "name": item.name,
                    "imports": list(item.imports),
                    "sort": sort,
                }
            }
            yield builder.build(
                document,
                origin,
                self.name,
                part=part,
                source_id=f"{document.file}#L{item.line}",
                group=f"{repository}/{document.file}" if by_file else repository,
                language=language,
            )


def is_task(item: Function) -> bool:
    """Whether the function is documented in a sentence and neither trivial, unfinished nor huge."""
    lines = sum(1 for line in item.source.split("\n") if line.strip())
    documented = item.words.count("\n") + 1 if item.words in item.source else 0
    return (
        lines - documented >= MIN_LINES
        and lines <= MAX_LINES
        and len(item.words.split()) >= MIN_WORDS
        and len(item.words) <= MAX_CHARACTERS
        and "copyright" not in item.words.lower()
        and not _UNFINISHED.search(item.source)
    )


def prompt(language: str, path: str, item: Function) -> str:
    """The documentation, then in a fence the path, the imports, the class and the signature."""
    comment = GRAMMARS[language].comment
    head = f"{item.enclosing}\n    {item.signature}" if item.enclosing else item.signature
    blocks = [f"{comment} {path}", "\n".join(item.imports), head]
    return f"{item.words}\n\n```{language}\n" + "\n\n".join(block for block in blocks if block) + "\n```"


FORMAT = CodeRepository()
