"""Pools of texts that values are drawn from, by name: people, places, things, and words of many trades.

They stand in ``families/pools.words``, a line each. Real names of public things stand beside made-up persons; a request
about them claims nothing of them.
"""

from __future__ import annotations

from importlib.resources import files


def _read() -> dict[str, tuple[str, ...]]:
    text = (files("sxl_data.composed") / "families" / "pools.words").read_text(encoding="utf-8")
    lines = (line.partition(": ") for line in text.splitlines() if not line.startswith("#"))
    pools = {name: tuple(values.split("|")) for name, _, values in lines}
    last = pools["last_name"]
    firsts = enumerate(pools["first_name"])
    pools["person"] = tuple(f"{first} {last[(7 * n + k) % len(last)]}" for n, first in firsts for k in (0, 3))
    pools["place"] = (*pools["city"], *pools["city_country"][:10], *pools["city_state"][:12])
    return pools


POOLS = _read()
