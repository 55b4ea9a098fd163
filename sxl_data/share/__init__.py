"""Somebody's own agent sessions → a folder for the Hub: found, redacted, looked at by that person, checked twice.

Reads files of agents and a folder of its own; knows no stage of a build. ``sxl_data.share(…)`` is `command.share`.
"""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.share.command", "share")
