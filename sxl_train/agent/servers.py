"""Tools of MCP servers, beside those of a session. A server runs outside the sandbox, with all that its user may do.

In: a command line that starts a server, or its http(s) address. Out: `Server`, whose `tools` are `Function`s as those
of a closed set, and `Joined`, a session that has them. Nothing that a server says is believed: names that are none,
names that are taken, schemas that are too large or none, endless lists and lines, results that are too long, a server
that hangs or ends; each is told and the run goes on, or, where the server is not to be used at all, T404 says why.
The protocol is that of the package `mcp`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import math
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.contract.printable import printable_line
from sxl_data.engine.confined import Exceeded
from sxl_data.files.json_text import dump, is_deep, load_plain
from sxl_data.rules.schema_checker import Checker
from sxl_data.toolsets.session import LONGEST, Session
from sxl_data.toolsets.tools import Function, ToolError
from sxl_data.trace.types import Tool
from sxl_train.agent import relay
from sxl_train.run.objects import Value

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from mcp import Client, StdioServerParameters
    from mcp.types import CallToolResult
    from mcp.types import Tool as Offered

Answer = TypeVar("Answer")

PATIENCE_S, CALL_S, SPARE_S = 30.0, 120.0, 15.0
"""Seconds that a server may take to start and list its tools, and for one call; and how long the client itself may."""
MOST_TOOLS, MOST_PAGES = 256, 32
LARGEST_SCHEMA, DEEPEST_SCHEMA, LONGEST_TEXT = 20_000, 32, 1_000
"""Characters and depth of a tool's schema, and characters of its description that the model is shown."""
LONGEST_RESULT = 200_000
SCHEMES = ("http://", "https://")
_NAME = patterns.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_FIELD = patterns.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Server:
    """One server that runs, and what it offers."""

    def __init__(self, where: str, portal: BlockingPortal, client: Client) -> None:
        self.where, self.portal, self.client = where, portal, client
        self.tools: dict[str, Function] = {}
        self.checkers: dict[str, Checker] = {}
        self.left_out: list[str] = []
        """What it offers and cannot be used, and why."""

    def take(self, offered: Sequence[Offered], taken: Collection[str]) -> None:
        """Make tools of what the server lists; ``taken`` are names that others have."""
        for each in offered[:MOST_TOOLS]:
            problem = self._take(each, taken)
            if problem:
                self.left_out.append(f"{printable_line(str(each.name)[:80])}: {problem}")
        if len(offered) > MOST_TOOLS:
            self.left_out.append(f"{len(offered) - MOST_TOOLS:,} more: at most {MOST_TOOLS} tools are taken")

    def _take(self, each: Offered, taken: Collection[str]) -> str:
        name, schema = str(each.name), each.input_schema
        if not _NAME.fullmatch(name):
            return "its name is not one of letters, digits, _ . -"
        if name in taken or name in self.tools:
            return "another tool has this name already"
        if is_deep(schema, DEEPEST_SCHEMA) or len(text := json.dumps(schema)) > LARGEST_SCHEMA:
            return f"its schema is deeper than {DEEPEST_SCHEMA} or longer than {LARGEST_SCHEMA:,} characters"
        try:
            self.checkers[name] = Checker(schema)
        except ValueError as problem:
            return f"its schema is none: {' '.join(str(problem).split())[:200]}"
        declared = Tool(name=name, description=str(each.description or "")[:LONGEST_TEXT], parameters_json=text)
        given = schema.get("properties")
        fields = [
            (field, Value, None) for field in (given if isinstance(given, dict) else {}) if _FIELD.fullmatch(field)
        ]
        arguments = msgspec.defstruct("Arguments", fields, kw_only=True)
        self.tools[name] = Function(name, _elsewhere, declared, arguments)
        return ""

    def call(self, name: str, arguments_json: str) -> str:
        """What the server answers. Raises `ToolError` for arguments that its schema refuses, and for what goes
        wrong there."""
        if len(arguments_json) > LONGEST:
            raise ToolError("bad_arguments", f"arguments of {len(arguments_json):,} characters, at most {LONGEST:,}")
        try:
            given = load_plain(arguments_json)
        except ValueError as problem:
            raise ToolError("bad_arguments", f"{name}: {problem}") from None
        if not isinstance(given, dict):
            raise ToolError("bad_arguments", f"{name}: the arguments are no JSON object")
        try:
            wrong = self.checkers[name].errors(given)
        except Exceeded:
            wrong = []  # the server itself may say what is wrong
        if wrong:
            raise ToolError("bad_arguments", f"{name}: {wrong[0].message[:300]}")
        answer = self._answer(lambda: self.client.call_tool(name, given), CALL_S)
        text = shown(answer)
        if answer.is_error:
            raise ToolError("failed", text)
        return text

    def _answer(self, work: Callable[[], Awaitable[Answer]], seconds: float) -> Answer:
        """``work`` of the client, within ``seconds``. Raises `ToolError` whatever goes wrong."""
        import anyio

        async def within() -> Answer:
            with anyio.fail_after(seconds):
                return await work()

        try:
            return self.portal.start_task_soon(within).result(timeout=seconds + SPARE_S)
        except (TimeoutError, concurrent.futures.TimeoutError):
            raise ToolError("timeout", f"the server gave no answer within {seconds:.0f} s") from None
        except Exception as problem:  # what a foreign server can bring about in its client has no other common type
            raise ToolError("server", f"the server failed: {said(problem)}") from None

    def offered(self) -> list[Offered]:
        """All tools that the server lists, page by page. Raises `ToolError`."""

        async def pages() -> list[Offered]:
            found: list[Offered] = []
            cursor: str | None = None
            for _ in range(MOST_PAGES):
                page = await self.client.list_tools(cursor=cursor)
                found += page.tools
                cursor = page.next_cursor
                if not cursor or len(found) > MOST_TOOLS:
                    break
            return found

        return self._answer(pages, PATIENCE_S)


class Joined(Session):
    """A session with the tools of servers beside its own."""

    def __init__(self, session: Session, servers: Sequence[Server]) -> None:
        super().__init__(session.toolset, session.state, busy=session.busy, timed=session.timed)
        self.servers = {name: server for server in servers for name in server.tools}
        self.tools = session.tools | {name: server.tools[name] for name, server in self.servers.items()}

    def _run(self, name: str, arguments_json: str) -> object:
        server = self.servers.get(name)
        return super()._run(name, arguments_json) if server is None else server.call(name, arguments_json)


@contextlib.contextmanager
def open_server(where: str, taken: Collection[str] = ()) -> Iterator[Server]:
    """Start the server ``where`` (a command line, or an address) and list its tools. Raises `UserError` U402 where
    the package `mcp` is missing, T404 where the server cannot be used."""
    try:
        from anyio.from_thread import start_blocking_portal
        from mcp import Client
    except ImportError:
        raise error("U402", found="no package mcp", expected="pip install 'sheikh-sxl[mcp]'") from None
    opened = False
    try:
        with start_blocking_portal() as portal:
            client = Client(_transport(where), read_timeout_seconds=CALL_S)
            with portal.wrap_async_context_manager(_entered(client)):
                # The client would run the server's own schemas over results, in Python and without a limit.
                vars(client.session)["validate_tool_result"] = _believe
                server = Server(where, portal, client)
                server.take(server.offered(), taken)
                opened = True
                yield server
    except ToolError as problem:
        raise error("T404", file=where, found=str(problem), expected="a server that lists its tools") from None
    except Exception as problem:  # see `_answer`; what the caller raised is the caller's
        if opened:
            raise
        raise error("T404", file=where, found=said(problem), expected="a server that speaks MCP") from None


@contextlib.asynccontextmanager
async def _entered(client: Client) -> AsyncIterator[Client]:
    """``client``, connected within `PATIENCE_S`."""
    import anyio

    with anyio.CancelScope(deadline=anyio.current_time() + PATIENCE_S) as scope:
        async with client:
            scope.deadline = math.inf
            yield client
    if scope.cancelled_caught:
        raise TimeoutError


def _transport(where: str) -> str | StdioServerParameters:
    if where.startswith(SCHEMES):
        return where
    from mcp import StdioServerParameters

    try:
        words = shlex.split(where)
    except ValueError as problem:
        raise ToolError("command", f"{where[:200]!r} is no command line: {problem}") from None
    if not words:
        raise ToolError("command", "an empty command line")
    return StdioServerParameters(command=sys.executable, args=["-I", str(Path(relay.__file__)), *words])


def shown(answer: CallToolResult) -> str:
    """The text of a result; other parts are named, what is too long is cut and counted."""
    parts = [part.text if part.type == "text" else f"({part.type}, not shown)" for part in answer.content]
    text = "\n".join(parts)
    if not text and answer.structured_content is not None:
        text = dump(answer.structured_content)
    cut = len(text) - LONGEST_RESULT
    return text if cut <= 0 else f"{text[:LONGEST_RESULT]}\n({cut:,} more characters)"


def said(problem: BaseException) -> str:
    """The innermost cause, in one line."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    if isinstance(problem, TimeoutError):
        return f"no answer within {PATIENCE_S:.0f} s"
    return printable_line(" ".join(f"{type(problem).__name__}: {problem}".split())[:300])


async def _believe(name: str, result: Mapping[str, object]) -> None:
    """Nothing is held against a result."""


def _elsewhere(state: object, **given: object) -> NoReturn:
    raise ToolError("server", "this tool is called through its server")
