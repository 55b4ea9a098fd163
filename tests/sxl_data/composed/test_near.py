"""sxl_data.composed.near: what is offered beside what."""

from __future__ import annotations

import random

from sxl_data.composed.functions import families, read_families
from sxl_data.composed.near import Near

TOY = """# shapes
square: Calculate the area of a square.
- side int 2..9: Side
= the area of a square with side {side}
square_area: Calculate the area of a given square.
- side int 2..9: Side
= the area of a square with side {side}
cube: Calculate the volume of a cube.
- side int 2..9: Side
= the volume of a cube with side {side}
# talk
greet: Greet a person by name.
- name person: Name
! greet {name}
"""


def test_what_does_the_same_is_never_offered_beside_or_where_nothing_is_to_fit():
    square, same, cube, greet = read_families(TOY)
    near = Near([square, same, cube, greet])
    assert near.alike(square, same) == 1
    for n in range(50):
        rng = random.Random(n)
        assert same not in near.beside([square], 3, rng)
        assert same not in near.far(square, 3, rng)
        assert square not in near.far(square, 3, rng)


def test_over_half_of_what_stands_beside_is_of_the_same_family():
    shipped = list(families().values())
    near, rng = Near(shipped), random.Random(0)
    wanted = next(function for function in shipped if function.family == "physics")
    found = [other.family for _ in range(60) for other in near.beside([wanted], 3, rng)]
    assert 0.4 < found.count("physics") / len(found) < 0.8


def test_a_question_of_knowledge_is_not_met_by_a_tool_that_knows():
    near = Near(list(families().values()))
    for n in range(60):
        offered = near.unasked("Who wrote Dune?", 3, random.Random(n))
        assert not {function.family for function in offered} & {"books", "web", "movies"}
