"""Verdicts on programs that nobody can talk a grader out of.

A program never meets its tests. It runs in a box of the sandbox with the arguments of the calls that the tests make
(`candidate`), and gives back plain values. The tests run in another box with those values in place of the program
(`checker`): what a program does to its own process, to `assert`, to `__eq__` or to a file changes no verdict, because
nothing but plain values crosses over. `grader` keeps the boxes and asks both sides.
"""

from __future__ import annotations
