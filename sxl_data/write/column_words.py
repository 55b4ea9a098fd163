"""What each column of a published row holds, in a sentence for the card. A test compares the names with the schema."""

from __future__ import annotations

COLUMNS = {
    "schema_version": "version of the trace schema",
    "trace_id": "id of the row for ever: its source, and 16 hex digits of the source's row and its place",
    "kind": "agent, tool_use, instruction, reasoning or code",
    "task": "the request, as the first user puts it",
    "agent": "name, version and model of who worked on it, where the source says so",
    "trace_tools": "the tools as the trace has them: JSON Schema of arguments, and where the declaration is from",
    "steps": "the loop, in order: observe, reflect, act, iterate",
    "outcome": "how the task ended, as the source or a verifier says: status, reward, scores",
    "subtraces_json": "sessions of other agents that this one started, as JSON",
    "provenance": "source, file digest, revision, licence, attribution, converter, and whether a model wrote the text",
    "metrics": "tokens, cost and time, where the source counts them",
    "ext_json": "what else the source says of the row, as a JSON object",
    "source": "name of the source",
    "licence": "SPDX expression of the row's own licence",
    "language": "programming language of the answer, where it is code",
    "n_turns": "number of responses of the agent",
    "n_calls": "number of tool calls",
    "n_errors": "number of results with an error",
    "n_parallel": "number of acts with more than one call",
    "has_reasoning": "whether the source states any reasoning",
    "text_bytes": "UTF-8 bytes of all texts of the row",
    "group": "what keeps rows on one side of a split: a session, a repository, a task",
    "stated_ids": "ids that the source's row states, hashed; rows that share one are on one side",
    "code_scores": "figures of the code in the answer: lines, widths, shares of letters, spaces, comments and encoded "
    "data, and whether a tool wrote it; null without code",
    "messages": "the row as a chat, for a trainer",
    "tools": "the tools as chat templates take them; null where none is declared",
}

FIELDS = {
    "steps[].phase": "observe: what the agent is given; reflect: reasoning that the source states; act: a message or "
    "calls; iterate: the results, and what the agent decided next",
    "steps[].turn, .iteration": "number of the agent's response, and of the loop",
    "steps[].origin": "who speaks in an observe: system, developer, user, environment or parent",
    "steps[].calls[]": "id, tool, arguments as JSON text",
    "steps[].results[]": "id of the call, content, status (ok, error, timeout, denied, cancelled, missing, unknown)",
    "steps[].final": "whether the act is the answer that ends the task",
    "steps[].train": "false for context that no model wrote: give it no loss",
    "messages[].role": "system, user, assistant or tool",
    "messages[].reasoning_content": "reasoning before an answer, for templates that render it",
    "messages[].tool_calls[]": "calls; arguments are a JSON value, not a string",
    "messages[].train": "false where the message must carry no loss, else null",
}
