"""Prompts in, sampled texts out: one way to ask a model, wherever its weights are.

`types.Backend` is the whole protocol; suites, the agent and the improvement loop know nothing else of a model.
"""

from __future__ import annotations
