"""Runs programs that nobody has read: grounding now, evaluation and the agent by the same door.

``sxl_data.sandbox(program)`` is `run.run`: one program in a place of its own; a `box.Box` is such a place for several,
one after the other. What holds a program is in `bubblewrap`, `landlock` and `seccomp`, what ends one in `launcher`
and `watch`, and `doctor` tries all of it on this machine (``sxl-data sandbox doctor``).
"""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.sandbox.run", "run")
