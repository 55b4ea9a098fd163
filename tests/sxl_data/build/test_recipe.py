"""sxl_data.build.recipe"""

from __future__ import annotations

import pytest

from sxl_data.build.recipe import read
from sxl_data.contract.errors import UserError


def test_keeping_private_data_prints_a_warning(capsys):
    read("demo", ["clean.keep_private=[chat]"])
    assert "stay in the logs of chat" in capsys.readouterr().err


def test_nothing_is_said_where_all_is_redacted(capsys):
    read("demo")
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["clean.keep_private", "dedup.prefer", "ground.sources"])
def test_a_source_that_is_not_there_is_refused_where_a_key_names_it(key: str):
    read("demo", [f"{key}=[chat, stdlib]"])
    with pytest.raises(UserError) as caught:
        read("demo", [f"{key}=[chat, stdlibb]"])
    (found,) = caught.value.findings
    assert "U102" == found.code
    assert f"names of sources in {key}, not 'stdlibb': stdlib?" in str(found.expected)


def test_a_key_of_the_top_is_named_where_it_stands_in_a_section():
    with pytest.raises(UserError, match="media at the top of the recipe"):
        read("demo", ["clean.media=keep"])


def test_shards_of_no_bytes_are_refused():
    with pytest.raises(UserError, match="shard_bytes above zero"):
        read("demo", ["write.shard_bytes=0"])
