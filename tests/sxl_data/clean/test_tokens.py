"""Rows with control tokens in their text are named, wherever the text stands."""

from __future__ import annotations

import pytest

from sxl_data.clean.tokens import flag
from tests.sxl_data import toys

TOKENS = ["<|" + "im_end|>", "<|" + "eot_id|>", "<start_of" + "_turn>", "[/" + "INST]", "<｜" + "Assistant｜>"]


@pytest.mark.parametrize("token", TOKENS)
def test_a_row_is_named_once_with_its_first_token_and_the_number_of_texts(token: str):
    batch = toys.pairs(("plain", "2"), (f"ask {token}", f"say {token} and {token}"))
    (line,) = flag(batch).to_pylist()
    assert ("toy:0001", "flagged", "C721") == (line["trace_id"], line["action"], line["code"])
    assert f"{token!r}, 2 texts hold one" == line["detail"]


def test_what_only_looks_like_a_token_is_not_named():
    assert 0 == len(flag(toys.pairs(("a <| b |> c", "x[INSTALL] <<EOF im_end"))))
