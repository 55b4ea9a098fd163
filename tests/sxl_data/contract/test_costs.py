from __future__ import annotations

from typing import ClassVar

import msgspec

from sxl_data.contract.costs import split_costs


class Rooms(msgspec.Struct, frozen=True):
    bytes: int = 5
    seconds: float = 1.0


class Inner(msgspec.Struct, frozen=True):
    COSTS: ClassVar = ("memory",)
    threshold: float = 0.7
    memory: str = "4GB"


class Heir(Inner, frozen=True):
    view: str = "trace"


class Outer(msgspec.Struct, frozen=True):
    COSTS: ClassVar = ("rooms",)
    name: str = "x"
    inner: Heir = Heir()
    rooms: Rooms = Rooms()
    names: tuple[str, ...] = ("a", "b")


def test_what_a_struct_or_its_parent_names_is_apart_in_the_same_shape():
    decides = {"name": "x", "inner": {"threshold": 0.7, "view": "trace"}, "names": ("a", "b")}
    costs = {"inner": {"memory": "4GB"}, "rooms": {"bytes": 5, "seconds": 1.0}}
    assert (decides, costs) == split_costs(Outer())


def test_a_configuration_that_names_none_decides_all():
    assert ({"bytes": 6, "seconds": 1.0}, {}) == split_costs(Rooms(bytes=6))


def test_every_cost_of_a_recipe_is_one_of_its_fields():
    from sxl_data.build.recipe import EngineConfig, Recipe
    from sxl_data.read.sources import Source

    recipe = Recipe(name="toy", sources=(Source(name="a", path="a.jsonl"),))
    decides, costs = split_costs(recipe)
    whole = {"engine": msgspec.to_builtins(EngineConfig()), "report": msgspec.to_builtins(recipe.report)}
    assert {"dedup": {"memory": "4GB", "workers": 0}} | whole == costs
    assert msgspec.to_builtins(recipe).keys() - decides.keys() == {"engine", "report"}
    assert recipe == msgspec.convert(decides, Recipe)
