"""The documented functions of a source file, by tree-sitter.

In: a language and the text of a file. Out: for each outermost function or method that says in words what
it does (a docstring, or a comment right above it): that text, the function as it stands, its signature,
the header of the class around it, and the imports it uses. Nodes come from a query and never from a
recursive walk, so deep nesting cannot overflow the stack.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sxl_data.contract import patterns
from sxl_data.files.syntax import parser
from sxl_data.read.imports import binding_of, used_by

if TYPE_CHECKING:
    from tree_sitter import Node, Query


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """One documented function. ``source`` is dedented; ``line`` counts from 1."""

    name: str
    words: str
    source: str
    signature: str
    enclosing: str
    imports: tuple[str, ...]
    line: int


class Grammar(NamedTuple):
    """Node types: what holds a function, an import, a class; and how the line comments start."""

    functions: str
    imports: str
    classes: frozenset[str] = frozenset()
    comment: str = "//"


_JS = (
    "[(function_declaration) (generator_function_declaration)"
    " (lexical_declaration (variable_declarator value: (arrow_function)))] @f"
)
GRAMMARS: dict[str, Grammar] = {
    "python": Grammar(
        "(function_definition) @f",
        "(module [(import_statement) (import_from_statement)] @i)",
        frozenset(("class_definition",)),
        "#",
    ),
    "javascript": Grammar(_JS, "(import_statement) @i"),
    "typescript": Grammar(_JS, "(import_statement) @i"),
    "rust": Grammar("(function_item) @f", "(source_file (use_declaration) @i)", frozenset(("impl_item", "trait_item"))),
    "go": Grammar("[(function_declaration) (method_declaration)] @f", "(import_spec) @i"),
    "java": Grammar(
        "(method_declaration) @f",
        "(import_declaration) @i",
        frozenset(("class_declaration", "interface_declaration", "enum_declaration", "record_declaration")),
    ),
    "c": Grammar("(function_definition) @f", "(preproc_include) @i"),
    "cpp": Grammar(
        "(function_definition) @f", "(preproc_include) @i", frozenset(("class_specifier", "struct_specifier"))
    ),
    "bash": Grammar("(function_definition) @f", "", comment="#"),
}

_FUNCTIONS = frozenset(
    (
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "lexical_declaration",
        "function_item",
        "method_declaration",
        "method_definition",
        "arrow_function",
        "lambda_expression",
        "func_literal",
        "function_expression",
    )
)
_WRAPPERS = frozenset(("export_statement", "decorated_definition", "template_declaration"))
_COMMENTS = frozenset(("comment", "line_comment", "block_comment"))
_QUOTES = ('"""', "'''", '"', "'")
_STARS = patterns.compile(r"\s*\*+ ?")
_SLASHES = patterns.compile(r"\s*(?://[/!]?|#+!?) ?")
_MAX_DEPTH = 64


@cache
def _query(language: str, pattern: str) -> Query:
    from tree_sitter import Query

    found = parser(language)
    assert found is not None and found.language is not None
    return Query(found.language, pattern)


def _nodes(language: str, pattern: str, root: Node) -> list[Node]:
    from tree_sitter import QueryCursor

    if not pattern:
        return []
    found = [node for nodes in QueryCursor(_query(language, pattern)).captures(root).values() for node in nodes]
    return sorted(found, key=lambda node: node.start_byte)


def documented_functions(language: str, text: str) -> Iterator[Function]:
    """The functions of ``text`` that are documented and free of syntax errors, in order.

    Yields nothing for a language without a parser.
    """
    grammar, found = GRAMMARS.get(language), parser(language)
    if grammar is None or found is None:
        return
    data = text.encode("utf-8")
    root = found.parse(data).root_node
    imports = [_text(data, node) for node in _nodes(language, grammar.imports, root)]
    binding = binding_of(imports, language)
    for node in _nodes(language, grammar.functions, root):
        if node.has_error or (around := _enclosing(node)) is None:
            continue
        outer = node
        while outer.parent is not None and outer.parent.type in _WRAPPERS:
            outer = outer.parent
        body = _body(node)
        words = _docstring(data, body) if language == "python" else _comment_above(data, outer)
        if body is None or not words:
            continue
        source = _dedent(data, outer)
        if source is None:
            continue
        name = _name(data, node)
        signature = _collapse(data[node.start_byte : body.start_byte].decode("utf-8")).rstrip("{").rstrip()
        classes = [_header(data, parent) for parent in reversed(around) if parent.type in grammar.classes]
        yield Function(
            name=name,
            words=words,
            source=source,
            signature=signature,
            enclosing="\n".join(classes),
            imports=tuple(used_by(imports, binding, source)),
            line=outer.start_point[0] + 1,
        )


def _text(data: bytes, node: Node) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8").strip()


def _enclosing(node: Node) -> list[Node] | None:
    """The nodes around ``node``, innermost first; None inside another function or too deep to say."""
    around: list[Node] = []
    parent = node.parent
    while parent is not None:
        if parent.type in _FUNCTIONS or len(around) > _MAX_DEPTH:
            return None
        around.append(parent)
        parent = parent.parent
    return around


def _body(node: Node) -> Node | None:
    if node.type == "lexical_declaration":
        declarator = next((child for child in node.named_children if child.type == "variable_declarator"), None)
        value = declarator.child_by_field_name("value") if declarator is not None else None
        return value.child_by_field_name("body") if value is not None else None
    return node.child_by_field_name("body")


def _name(data: bytes, node: Node) -> str:
    if node.type == "lexical_declaration":
        node = next(child for child in node.named_children if child.type == "variable_declarator")
    named = node.child_by_field_name("name")
    if named is None:  # C and C++ keep it inside the declarator
        named = node.child_by_field_name("declarator")
        for _ in range(8):
            inner = named.child_by_field_name("declarator") if named is not None else None
            if inner is None:
                break
            named = inner
    return _text(data, named) if named is not None else ""


def _docstring(data: bytes, body: Node | None) -> str:
    first = next((child for child in body.named_children if child.type != "comment"), None) if body else None
    if first is not None and first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    if first is None or first.type != "string":
        return ""
    literal = _text(data, first)
    plain = literal[1:] if literal[:1] in "rRuU" else literal
    for quote in _QUOTES:
        if plain.startswith(quote):
            whole = len(plain) >= 2 * len(quote) and plain.endswith(quote)
            return inspect.cleandoc(plain[len(quote) : -len(quote)]).strip() if whole else ""
    return ""


def _comment_above(data: bytes, node: Node) -> str:
    """The comments that touch ``node`` from above, without their markers; attributes may stand between."""
    pieces: list[str] = []
    row = node.start_point[0]
    previous = node.prev_sibling
    while previous is not None and len(pieces) < 200:
        if previous.type == "attribute_item":
            row = previous.start_point[0]
        elif previous.type in _COMMENTS:
            # Rust's line comments include their line end.
            end = previous.end_point[0] - (1 if previous.end_point[1] == 0 else 0)
            if end != row - 1 or _shares_line(previous):
                break
            pieces.append(_text(data, previous))
            row = previous.start_point[0]
        else:
            break
        previous = previous.prev_sibling
    return "\n".join(_unmark(piece) for piece in reversed(pieces)).strip()


def _shares_line(comment: Node) -> bool:
    """Whether the comment trails code on its own line and so speaks of that."""
    before = comment.prev_sibling
    return before is not None and before.end_point[0] == comment.start_point[0] and before.end_point[1] > 0


def _unmark(comment: str) -> str:
    if comment.startswith("/*"):
        lines = comment.removeprefix("/*").removesuffix("*/").lstrip("*!").split("\n")
        return inspect.cleandoc("\n".join(_after(line, _STARS) for line in lines)).strip()
    return "\n".join(_after(line, _SLASHES) for line in comment.split("\n"))


def _after(line: str, mark: patterns.Pattern[str]) -> str:
    """``line`` behind the comment mark that it begins with, if it does."""
    found = mark.match(line)
    return line[found.end() :] if found else line


def _dedent(data: bytes, node: Node) -> str | None:
    """The node's text moved to the left margin; None when a line stands left of its first one."""
    column = node.start_point[1]
    first, *rest = data[node.start_byte : node.end_byte].decode("utf-8").split("\n")
    start = data.rfind(b"\n", 0, node.start_byte) + 1
    margin = data[start : node.start_byte].decode("utf-8")
    if not column:
        return "\n".join([first, *rest])
    if margin.strip() or any(line.strip() and not line.startswith(margin) for line in rest):
        return None
    return "\n".join([first, *(line.removeprefix(margin) if line.strip() else "" for line in rest)])


def _header(data: bytes, node: Node) -> str:
    body = node.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    return _collapse(data[node.start_byte : end].decode("utf-8")).rstrip("{").rstrip()


def _collapse(text: str) -> str:
    return " ".join(line for part in text.split("\n") if (line := part.strip()))
