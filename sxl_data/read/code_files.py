"""What a path and the first lines say of a source file: its language, and whether a person wrote it here.

Tests, generated and vendored files are told apart because each would teach something else: a test
repeats the function it tests, a generator's output nobody writes by hand, and a vendored copy belongs to
another project under another licence. The signs are those that the projects' own tools go by: directory
names, Go's and protoc's header lines, and line lengths that only a minifier produces.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from sxl_data.contract import patterns
from sxl_data.files.figures import GENERATED_HEADER, HEADER

Sort = Literal["source", "test", "generated", "vendored"]

LANGUAGES: dict[str, str] = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".rs": "rust",
    ".go": "go",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cxx": "cpp",
    ".hpp": "cpp",
    ".hh": "cpp",
    ".cu": "cpp",
    ".sh": "bash",
    ".bash": "bash",
}

_TEST_FOLDERS = {
    "test",
    "tests",
    "testing",
    "__tests__",
    "testdata",
    "spec",
    "specs",
    "e2e",
    "idlelib_test",
    "idle_test",
}
_TEST_NAME = patterns.compile(r"test_.*|.*_test|tests?|conftest|.*\.(?:test|spec)|.*Tests?|.*TestCase")
_VENDOR_FOLDERS = {
    "vendor",
    "vendored",
    "_vendor",
    "third_party",
    "thirdparty",
    "third-party",
    "node_modules",
    "site-packages",
    "bower_components",
    "extern",
    "deps",
}
_GENERATED_FOLDERS = {"dist", "build", "generated", "__generated__", "gen", ".next", "out"}
_GENERATED_NAME = patterns.compile(
    r"(?:_pb2(?:_grpc)?\.py|\.pb\.(?:go|cc|h)|\.min\.(?:js|mjs)|_generated\.\w+|\.g\.\w+|\.d\.ts)\z"
)
# Longest line, in characters, that people write.
_LONGEST_LINE = 3_000


def language_of(path: str) -> str | None:
    """The language that the name's ending stands for, or None."""
    return LANGUAGES.get(PurePosixPath(path).suffix.lower())


def sort_of(path: str, text: str) -> Sort:
    """Who wrote the file and what for; ``path`` is relative to the repository's root."""
    place = PurePosixPath(path)
    folders = {part.lower() for part in place.parts[:-1]}
    if folders & _VENDOR_FOLDERS:
        return "vendored"
    if folders & _GENERATED_FOLDERS or _GENERATED_NAME.search(place.name):
        return "generated"
    if GENERATED_HEADER.search(text[:HEADER]) or max(map(len, text.split("\n")), default=0) > _LONGEST_LINE:
        return "generated"
    if folders & _TEST_FOLDERS or _TEST_NAME.fullmatch(place.stem):
        return "test"
    return "source"
