"""Which values of a configuration decide the result, and which only what it costs.

A struct names the fields of the second kind in its class variable ``COSTS``: memory, workers, where the work is done.
They are no part of a dataset's recipe, since two builds that differ in nothing else are the same dataset.
"""

from __future__ import annotations

from typing import Any

import msgspec


def split_costs(config: msgspec.Struct) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plain values of ``config`` that decide the result, and the others, both in its own shape.

    Structs in structs are split too; those in a list or mapping are taken whole, with the first.
    """
    decides: dict[str, Any] = {}
    costs: dict[str, Any] = {}
    for field in msgspec.structs.fields(config):
        value = getattr(config, field.name)
        if field.name in getattr(config, "COSTS", ()):
            costs[field.encode_name] = msgspec.to_builtins(value)
        elif isinstance(value, msgspec.Struct):
            decides[field.encode_name], below = split_costs(value)
            costs |= {field.encode_name: below} if below else {}
        else:
            decides[field.encode_name] = msgspec.to_builtins(value)
    return decides, costs
