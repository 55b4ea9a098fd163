"""sxl_data.build.recipe"""

from __future__ import annotations

from sxl_data.build.recipe import read


def test_keeping_private_data_prints_a_warning(capsys):
    read("demo", ["clean.keep_private=[chat]"])
    assert "stay in the logs of chat" in capsys.readouterr().err


def test_nothing_is_said_where_all_is_redacted(capsys):
    read("demo")
    assert "warning" not in capsys.readouterr().err
