"""The sets that ship, one file each: a module here that defines `SET` is found by its place alone."""
