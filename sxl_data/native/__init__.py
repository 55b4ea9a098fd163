"""Compiled kernels as plain C functions: found, checked and loaded."""
