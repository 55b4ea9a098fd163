"""Runs programs that nobody has read: grounding now, evaluation and the agent by the same door.

`run` is one program in a place of its own; a `Box` is such a place for several, one after the other. Start with
`box`; what holds a program is in `bubblewrap`, `landlock` and `seccomp`, what ends one in `launcher` and `watch`, and
`doctor` tries all of it on this machine.
"""
