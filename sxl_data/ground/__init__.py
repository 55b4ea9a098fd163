"""Runs the calls that a trace makes, in a sandbox, and records what really came of them."""
