"""The sets that ship: a module or package here that defines `SET` is found by its place alone."""
