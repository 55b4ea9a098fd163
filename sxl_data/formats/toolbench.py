"""ToolBench answers: a tree of attempts over real APIs, with the branch that answers.

In: ``{"tree": …, "answer_generation": …}``. Out: the path from the root to the answer: Thought →
Reflect, Action and Action Input → Act, observation → Iterate. ``Finish`` is no tool: its ``final_answer``
is the final Act. Branches that were given up are left out and counted in ``ext_json``
(Qin et al. 2023, https://github.com/OpenBMB/ToolBench).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import load_object
from sxl_data.formats.declared_tools import declared_tool, schema_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Outcome, Result, Tool, parts

FINISH = "Finish"


class ToolBench:
    """Format of ToolBench's answer files."""

    name = "toolbench"
    title = "ToolBench answer trees"
    unit = "row"
    leaves_out = (
        LeftOut("final_answer", "the final act again, as the arguments of `Finish`"),
        LeftOut("train_messages", "the prompts of each node: words that ask for `Finish`, which is the final act here"),
        LeftOut("answer_generation/function", "of it the declaration of `Finish`; all others are read"),
        LeftOut("tree", "branches of the search that did not lead to the answer"),
        LeftOut("forward_args", "settings of the search"),
        LeftOut("compare_candidates", "candidates of the search"),
    )

    def detect(self, sample: Any) -> str | None:
        """Objects with the tree and the answer made from it."""
        if isinstance(sample, dict) and isinstance(sample.get("tree"), dict) and "answer_generation" in sample:
            return "has `tree` and `answer_generation`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        tree = row.get("tree") if isinstance(row, dict) else None
        root = tree.get("tree") if isinstance(tree, dict) else None
        if not isinstance(root, dict):
            raise RowError("no tree", "a tree of nodes", "/tree/tree")
        made = row.get("answer_generation")
        made = made if isinstance(made, dict) else {}
        query = made.get("query")
        if not isinstance(query, str) or not query.strip():
            raise RowError("no query", "the user's request", "/answer_generation/query")
        leaves = list(_leaves(root, "/tree/tree"))
        path = _answering(leaves)
        builder = Builder("tool_use", query.strip())
        builder.agent = Agent(name="ToolBench DFSDT")
        for position, item in enumerate(made.get("function") or ()):
            if isinstance(item, dict) and item.get("name") != FINISH:
                builder.tool(_tool(item), at=f"/answer_generation/function/{position}")
        builder.observe(query.strip(), at="/answer_generation/query")
        answered = _follow(builder, path)
        builder.outcome = Outcome(status="success" if answered and row.get("win") else "failure", verifier="ToolBench")
        builder.executed = True  # calls went to the real APIs
        builder.ext = {"toolbench": {"branches": len(leaves), "nodes": tree.get("size") if tree else None}}
        yield builder.build(document, origin, self.name, source_id=document.file)


FORMAT = ToolBench()

Path = list[tuple[dict[str, Any], str]]


def _leaves(root: dict[str, Any], at: str) -> Iterator[Path]:
    """Every path from the root to a leaf, with the pointer of each node; depth first, without recursion."""
    stack: list[Path] = [[(root, at)]]
    while stack:
        path = stack.pop()
        node, place = path[-1]
        children = [c for c in node.get("children") or () if isinstance(c, dict)]
        if not children:
            yield path
        for k in range(len(children) - 1, -1, -1):
            stack.append([*path, (children[k], f"{place}/children/{k}")])


def _answering(leaves: list[Path]) -> Path:
    """The first path that gives an answer; without one the last that was tried."""
    for path in leaves:
        arguments = load_object(path[-1][0].get("description")) or {}
        if len(path) > 1 and path[-2][0].get("description") == FINISH and arguments.get("return_type") == "give_answer":
            return path
    return leaves[-1]


def _follow(builder: Builder, path: Path) -> bool:
    """Tell ``builder`` what happened along ``path``; whether it ends in an answer."""
    action, number = "", 0
    for node, at in path[1:]:
        kind, text = node.get("node_type"), node.get("description")
        text = text if isinstance(text, str) else ""
        if kind == "Thought" and text.strip():
            builder.reflect(text, "scratchpad", at=f"{at}/description")
        elif kind == "Action":
            action = text
        elif kind == "Action Input" and action == FINISH:
            arguments = load_object(text) or {}
            answer = arguments.get("final_answer")
            if arguments.get("return_type") == "give_answer" and isinstance(answer, str) and answer.strip():
                builder.say(answer, final=True, at=f"{at}/description")
                return True
        elif kind == "Action Input" and action:
            call_id = f"call_{number}"
            number += 1
            builder.call(action, text, call_id, form="string", at=f"{at}/description")
            observation = node.get("observation")
            if isinstance(observation, str):
                code = node.get("observation_code")
                failed = code not in (0, None) or bool((load_object(observation) or {}).get("error"))
                builder.result(
                    Result(call_id=call_id, content=parts(observation), status="error" if failed else "ok"),
                    at=f"{at}/observation",
                )
    return False


def _tool(item: dict[str, Any]) -> Tool:
    return declared_tool(
        str(item.get("name")), str(item.get("description") or ""), schema_of(item.get("parameters")), item
    )
