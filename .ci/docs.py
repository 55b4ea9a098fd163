"""``make docs``: README, tutorials, recipe keys, codes and docstrings → a small static site, checked for dead links.

Nothing is written for the site: each page is made of what the code itself says, so it cannot lag behind it. Every page
is there as ``.html`` for people and as ``.md`` beside it for programs; ``llms.txt`` lists them. Fails where a link
leads nowhere.

    python .ci/docs.py [OUT]        # default: build/docs
"""

from __future__ import annotations

import ast
import html
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import licences
from markdown_it import MarkdownIt

from sxl_data.view import keys as recipe_keys

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "https://github.com/likhonsheikh/sxl/blob/main/"
TEXTS = {
    "README.md": "index.md",
    ".github/CONTRIBUTING.md": "contributing.md",
    ".github/CHANGELOG.md": "changelog.md",
    ".github/SECURITY.md": "security.md",
    "schemas/README.md": "schemas.md",
    "benchmarks/README.md": "measured.md",
}
"""Texts of the checkout and the names of their pages."""
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:0 auto;padding:1rem}"
    "pre{overflow:auto;padding:.6rem;background:#8881}table{border-collapse:collapse;display:block;overflow:auto}"
    "td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #8884}"
    "nav{font-size:.9rem;margin-bottom:1.5rem}img{max-width:100%}"
)
Pages = dict[str, tuple[str, str]]


def main() -> int:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    pages = make()
    for name, (title, text) in pages.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        path.with_suffix(".html").write_text(render(name, title, text), encoding="utf-8", newline="\n")
    (out / "llms.txt").write_text(index_for_programs(pages), encoding="utf-8", newline="\n")
    for picture in sorted((ROOT / ".github" / "pictures").glob("*")):
        (out / picture.name).write_bytes(picture.read_bytes())
    dead = sorted(set(dead_links(pages)))
    sys.stderr.write("".join(f"dead link: {line}\n" for line in dead))
    sys.stdout.write(f"{len(pages)} pages, each as .html and .md, in {out}\n")
    return 1 if dead else 0


def make() -> Pages:
    """Name of each page → its title and Markdown."""
    pages: Pages = {}
    for source, name in TEXTS.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        pages[name] = (text.partition("\n")[0].lstrip("# "), relink(text, source, name))
    for path in sorted((ROOT / ".github" / "tutorials").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        name = f"tutorials/{path.name}"
        pages[name] = (text.partition("\n")[0].lstrip("# "), relink(text, f".github/tutorials/{path.name}", name))
    for kind in recipe_keys.RECIPES:
        pages |= keys(kind)
    pages |= codes(json.loads((ROOT / "schemas" / "codes.v1.json").read_text(encoding="utf-8")))
    for package in ("sxl_data", "sxl_train"):
        pages |= modules(package)
    return pages | {"licences.md": ("Licences of dependencies", licences.page())}


def relink(text: str, source: str, name: str) -> str:
    """Links to files of the checkout become links to pages, or to the repository."""
    up = "../" * name.count("/")
    parts = text.split("](")
    for place, part in enumerate(parts[1:], 1):
        target, closing, rest = part.partition(")")
        if "://" in target or target.startswith("#"):
            continue
        path, mark, anchor = target.partition("#")
        where = (ROOT / source).parent / path
        inside = where.resolve().relative_to(ROOT).as_posix() if where.resolve().is_relative_to(ROOT) else path
        if inside in TEXTS:
            target = up + TEXTS[inside] + mark + anchor
        elif inside.startswith(".github/tutorials/"):
            target = up + inside.removeprefix(".github/") + mark + anchor
        elif inside.startswith(".github/pictures/"):
            target = up + Path(inside).name
        elif where.exists():
            target = REPOSITORY + inside
        parts[place] = target + closing + rest
    return "](".join(parts)


def keys(kind: str) -> Pages:
    """A page for each key of a recipe, and one that lists them."""
    pages: Pages = {}
    rows = [f"# Keys of a {kind} recipe", "", "| key | default | what it does |", "|---|---|---|"]
    for key in recipe_keys.keys(kind):
        name = f"keys/{kind}/{key.plain}.md"
        default = key.default or "none: it has to be given"
        text = (
            f"# `{key.name}`\n\n{key.about}\n\n| | |\n|---|---|\n| recipe | {kind} |\n| default | `{cell(default)}` |\n"
            f"| takes | {key.takes} |\n| unit | {key.unit or '–'} |\n\n"
            f"On the command line: `{key.given}`. [All keys](../../keys-{kind}.md)\n"
        )
        pages[name] = (key.name, text)
        rows.append(f"| [`{key.name}`]({name}) | `{cell(default)}` | {cell(key.about)} |")
    pages[f"keys-{kind}.md"] = (f"Keys of a {kind} recipe", "\n".join(rows) + "\n")
    return pages


def codes(registry: Any) -> Pages:
    """A page for each code, and one that lists them."""
    entries = registry["codes"] if isinstance(registry, dict) and "codes" in registry else registry
    entries = list(entries.values()) if isinstance(entries, dict) else entries
    pages: Pages = {}
    rows = ["# Codes", "", "| code | level | what |", "|---|---|---|"]
    for entry in entries:
        code, name = entry["code"], f"codes/{entry['code']}.md"
        body = f"# {code} {entry['rule']}\n\n**{entry['level']}**: {entry['title']}\n"
        body += f"\n*Why*: {entry['why']}\n\n*Fix*: {entry['fix']}\n"
        for kind, word in (("invalid", "Wrong"), ("valid", "Right")):
            for path in sorted((ROOT / "schemas" / "examples" / kind).glob(f"{code}-*.json"))[:1]:
                example = path.read_text(encoding="utf-8", errors="backslashreplace").strip()
                body += f"\n{word}:\n\n```json\n{example}\n```\n"
        pages[name] = (code, body + "\n[All codes](../codes.md)\n")
        rows.append(f"| [{code}]({name}) | {entry['level']} | {cell(entry['title'])} |")
    pages["codes.md"] = ("Codes", "\n".join(rows) + "\n")
    return pages


def modules(package: str) -> Pages:
    """What each public module and its public names say of themselves."""
    pages: Pages = {}
    rows = [f"# {package}", ""]
    for path in sorted((ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if any(part.startswith("_") and part != "__main__" for part in dotted.split(".")):
            continue
        name, doc = f"api/{dotted}.md", ast.get_docstring(tree) or ""
        body = [f"# {dotted}", "", doc, ""]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                sign = f"({ast.unparse(node.args)})" if isinstance(node, ast.FunctionDef) else ""
                body += [f"## `{node.name}{sign}`", "", ast.get_docstring(node) or "", ""]
        pages[name] = (dotted, "\n".join(body))
        rows.append(f"- [{dotted}]({name}): {doc.partition(chr(10))[0]}")
    pages[f"api-{package}.md"] = (package, "\n".join(rows) + "\n")
    return pages


def render(name: str, title: str, text: str) -> str:
    """A page for people; links to pages lead to their HTML."""
    up = "../" * name.count("/")
    body = MarkdownIt("commonmark").enable("table").render(text.replace("```bash ci", "```bash"))
    body = body.replace('.md"', '.html"').replace(".md#", ".html#")
    for level in "234":
        pieces = body.split(f"<h{level}>")
        body = pieces[0] + "".join(f'<h{level} id="{anchor(p.partition("</h")[0])}">{p}' for p in pieces[1:])
    menu = " · ".join(
        f'<a href="{up}{place}">{words}</a>'
        for place, words in (
            ("index.html", "sxl"),
            ("keys-data.html", "data recipe"),
            ("keys-train.html", "train recipe"),
            ("codes.html", "codes"),
            ("api-sxl_data.html", "sxl_data"),
            ("api-sxl_train.html", "sxl_train"),
            ("licences.html", "licences"),
        )
    )
    beside = f'<a href="{Path(name).name}">this page as Markdown</a>'
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><nav>{menu} · {beside}</nav>{body}</html>\n"
    )


def anchor(heading: str) -> str:
    """The id that GitHub gives a heading."""
    plain = "".join(piece.partition(">")[2] if number else piece for number, piece in enumerate(heading.split("<")))
    kept = "".join(c for c in html.unescape(plain).lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def dead_links(pages: Pages) -> Iterator[str]:
    """Links to a page, picture or heading that is not there. Addresses of others are not asked."""
    pictures = {path.name for path in (ROOT / ".github" / "pictures").glob("*")}
    heads = {
        name: {anchor(line.lstrip("#").strip().replace("`", "")) for line in text.splitlines() if line.startswith("#")}
        for name, (_, text) in pages.items()
    }
    for name, (_, text) in pages.items():
        outside = "".join(part for number, part in enumerate(text.split("```")) if number % 2 == 0)
        for part in outside.split("](")[1:]:
            target, _, mark = part.partition(")")[0].partition("#")
            if "://" in target or target.startswith("mailto:") or " " in target:
                continue
            place = Path(name).parent.joinpath(target).as_posix() if target else name
            while "../" in place:
                head, _, tail = place.partition("/../")
                place = f"{head.rpartition('/')[0]}/{tail}".lstrip("/") if "/" in head else tail
            if place not in pages and Path(place).name not in pictures:
                yield f"{name}: {target}"
            elif mark and mark not in heads.get(place, {mark}):
                yield f"{name}: {target}#{mark}"


def cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def index_for_programs(pages: Pages) -> str:
    """`llms.txt` of the site: every page, the many small ones by their lists."""
    lines = ["# sxl", "", "> Every page is Markdown under the name given here, and HTML under the same name.", ""]
    shown = [name for name in pages if name.count("/") == 0 or name.startswith("tutorials/")]
    return "\n".join([*lines, *(f"- [{pages[name][0]}]({name})" for name in shown), ""])


if __name__ == "__main__":
    sys.exit(main())
