"""Codes of the agent: what it is given to work on."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
T401 error folder-too-large
    title  The folder is too large to be copied into the sandbox
    why    the agent works on a copy, so that nothing of yours can be harmed; all of it has to fit
    fix    give a smaller folder, or move data and build outputs out of it
T402 error no-task
    title  The agent was given nothing to do
    why    it works on one task, in words
    fix    write the task behind the model, in quotes, or - and the task on stdin
T403 error change-leads-out
    title  A change would be written outside the folder
    why    the name of the file, or a link on its way, leads somewhere else; nothing was written
    fix    look at the diff above; copy by hand what you want of it
T404 error mcp-server-failed
    title  An MCP server could not be used
    why    it did not start, does not speak the protocol, gave no answer in time, or wrote more than is read
    fix    run the command by hand and look at what it says; give the words in quotes, as in a shell
T405 error mcp-server-not-allowed
    title  An MCP server was not started
    why    it would run outside the sandbox, with all that you may do, so that only you can allow it
    fix    answer y, or give --trust where you know the server; there is no asking without a terminal
T406 error folder-changed-meanwhile
    title  The folder changed while the agent worked on its copy
    why    what somebody else wrote there would be replaced; nothing was written
    fix    look at the diff above and copy by hand what you want of it, or run the task again
""")
