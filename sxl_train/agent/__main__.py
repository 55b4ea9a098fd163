"""``sxl-train agent MODEL "task"``: a model works on a task with tools that run in the sandbox.

The agent works on a copy of --folder; at the end the diff is shown, and --apply writes it back. Exit code 1 where it
gave no answer, 130 where Ctrl-C ended it.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return answer(lambda: _answer(words), "interrupted: nothing was changed")


def parser() -> argparse.ArgumentParser:
    """All options."""
    made = Parser(
        prog="sxl-train agent",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  sxl-train agent build/train/qlora/release "why does test_calc.py fail?" --folder .
  sxl-train agent model.gguf "mend it" --folder . --ask --apply          asks before each call, then writes the diff
  sxl-train agent http://127.0.0.1:8080/v1 - < task.txt                   a server; the task comes from stdin
  sxl-train agent demo/model/release --toolset home --seed 3              a task of a closed set, and whether it was met
  sxl-train agent model.gguf "count the lines" --folder . -o runs.jsonl   keeps the run: sxl-data show runs.jsonl
  sxl-train agent model.gguf "what is due today?" --mcp "npx -y some-server ~/notes"   tools of an MCP server
  sxl-train agent model.gguf --serve 8080                                 for other programs, until Ctrl-C

What it calls runs in the sandbox without network; `sxl-data sandbox doctor` says what that holds on this machine.
Servers of --mcp do not: they run as you, with your files and your network.""",
    )
    made.add_argument("model", metavar="MODEL", help="model folder, .gguf file, package:NAME or http(s)://…/v1")
    made.add_argument("task", nargs="?", default="", help="what to do, in words; - reads it from stdin")
    made.add_argument(
        "--serve",
        type=whole(0),
        nargs="?",
        const=0,
        metavar="PORT",
        help="answer other programs instead: an OpenAI-compatible address on this machine, with a token (a free port)",
    )
    made.add_argument("--folder", help="work on a copy of this folder (default: an empty one)")
    made.add_argument("--apply", action="store_true", help="write what changed back into --folder")
    made.add_argument("--ask", action="store_true", help="ask before each call")
    made.add_argument(
        "--toolset",
        metavar="NAME",
        help="tools of a closed set instead, over a world drawn by --seed; without a task, one that fits it",
    )
    made.add_argument(
        "--mcp",
        action="append",
        default=[],
        metavar="SERVER",
        help="also the tools of this MCP server, a command line or http(s) address; it runs OUTSIDE the sandbox, "
        "so you are asked before it starts and before each of its calls (repeatable; pip install 'sheikh-sxl[mcp]')",
    )
    made.add_argument("--trust", action="store_true", help="start the servers of --mcp and call them without asking")
    made.add_argument("--turns", type=whole(), default=16, help="answers of the model at most (default: 16)")
    made.add_argument("--tokens", type=whole(), default=16_000, help="tokens it may write (default: 16000)")
    made.add_argument("--free", action="store_true", help="do not hold calls to the tools' schemas")
    made.add_argument(
        "--tools-shown",
        type=whole(),
        default=None,
        metavar="N",
        help="show the N tools most like the task, for lists that do not fit: 4 of 9 cost 6 points of tasks met (all)",
    )
    made.add_argument(
        "--keep-nothing",
        action="store_true",
        help="read the system text and the tools anew; else a GGUF model's state behind them is kept for the next "
        "start (in $SXL_CACHE or ~/.cache/sxl; 7 MB for 300 tokens of a model of 135 M, the last 8 of them)",
    )
    made.add_argument("--temperature", type=float, default=0.0, help="0 is greedy (default)")
    made.add_argument("--seed", type=whole(0), default=0, help="of the sampler, and of the world of --toolset")
    made.add_argument("-o", "--out", help="append the trace to this JSONL file, ready for sxl-data validate")
    return made


def _answer(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    if options.serve is not None:
        return _serve(options)
    _refuse(options)
    task = sys.stdin.read() if options.task == "-" else options.task
    if not task.strip() and not options.toolset:
        raise error("T402", found="an empty task", expected="what to do, in words")
    from sxl_train.generate.opening import open_model

    backend = open_model(options.model)
    try:
        return _work(backend, task.strip(), options)
    finally:
        backend.close()


def _refuse(options: Any) -> None:
    """Raises `UserError` U401 for flags that could not do what they say, before a model is opened."""
    from sxl_train.agent.live import can_ask

    if options.apply and (options.toolset or not options.folder):
        raise error("U401", found="--apply without a folder", expected="--folder FOLDER, which the changes go into")
    if options.ask and not can_ask():
        raise error("U401", found="--ask without a terminal", expected="a terminal, where each call can be allowed")


def _serve(options: Any) -> int:
    from sxl_train.agent.serve import serve
    from sxl_train.generate.opening import open_model

    backend = open_model(options.model)
    try:
        serve(backend, options.serve)
    finally:
        backend.close()
    return 0


def _work(backend: Any, task: str, options: Any) -> int:
    from sxl_data import toolsets
    from sxl_train.agent.live import Live
    from sxl_train.agent.loop import Agent
    from sxl_train.agent.options import CLOSED, Options
    from sxl_train.agent.servers import Joined
    from sxl_train.agent.tools import SET
    from sxl_train.agent.workspace import open_workspace

    wanted = Options(
        turns=options.turns,
        tokens=options.tokens,
        temperature=options.temperature,
        seed=options.seed,
        constrained=False if options.free else None,
        tools_shown=options.tools_shown or 0,
        keep_beginning=not options.keep_nothing,
    )
    if options.toolset:
        wanted = msgspec.structs.replace(wanted, **CLOSED)
    live = Live(backend.name)
    with contextlib.ExitStack() as stack:
        drawn = _draw(options.toolset, options.seed) if options.toolset else None
        if drawn is not None:
            session = toolsets.Session(toolsets.get(drawn.toolset), drawn.state.copied(), busy=drawn.busy, timed=True)
            workspace, given = None, bool(task)
            if drawn.context and not given:
                wanted = msgspec.structs.replace(wanted, instructions=drawn.context)
            task = task or drawn.request
            live.world(drawn, given)
        else:
            workspace = stack.enter_context(open_workspace(Path(options.folder) if options.folder else None))
            live.left_out(workspace.left_out, "not copied")
            session = toolsets.Session(SET, workspace, timed=True)  # type: ignore[arg-type]
        servers = _servers(stack, live, options, session)
        ask = live.asker(everything=options.ask, names=() if options.trust else servers.keys())
        session = Joined(session, list(servers.values())) if servers else session
        outcome = Agent(backend, session, wanted, event=live.event, ask=ask).run(task)
        copied = 0 if workspace is None else len(workspace.left_out)
        changes = [] if workspace is None else workspace.changes()
        live.changes(changes)
        if workspace is not None:
            live.left_out(workspace.left_out[copied:], "not taken")
        if options.out:
            _keep(outcome, Path(options.out))
        if options.apply and workspace is not None:
            workspace.apply(changes)
    live.end(outcome, applied=bool(options.apply and options.folder), changed=len(changes))
    if drawn is not None and not given:
        live.judged(toolsets.check(outcome.trace, drawn, toolsets.get(drawn.toolset)))
    if outcome.status == "answered":
        tell(outcome.answer)
    return 1 if not outcome.answer.strip() else {"answered": 0, "stopped": 130}.get(outcome.status, 1)


def _draw(name: str, seed: int) -> Any:
    """A world of the closed set ``name`` drawn by ``seed``, with the first of its tasks that needs calls and no word
    from the person."""
    from sxl_data import toolsets

    chosen = toolsets.get(name)
    drawn = (toolsets.make_task(chosen, number, seed, "train") for number in itertools.count())
    return next(task for task in drawn if task.kind not in ("ask", "refuse", "irrelevant"))


def _servers(stack: contextlib.ExitStack, live: Any, options: Any, session: Any) -> dict[str, Any]:
    """Tool → the server that has it. Raises `UserError` T405 where a person does not allow one."""
    found: dict[str, Any] = {}
    for where in options.mcp:
        from sxl_train.agent.servers import open_server

        if not options.trust and not live.allows_server(where):
            raise error("T405", file=where, found="no leave to start it", expected="yes at the question, or --trust")
        server = stack.enter_context(open_server(where, session.tools.keys() | found.keys()))
        live.server(server)
        found |= dict.fromkeys(server.tools, server)
    return found


def _keep(outcome: Any, file: Path) -> None:
    from sxl_data.trace.types import Act, encode

    if not any(isinstance(step, Act) for step in outcome.trace.steps):
        say("trace      none is kept: it ended before the model did anything")
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as lines:
        lines.write(encode(outcome.trace) + b"\n")
    say(f"trace      {file} (sxl-data show {file})")


if __name__ == "__main__":
    sys.exit(main())
