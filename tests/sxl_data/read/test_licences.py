"""sxl_data.read.licences"""

from __future__ import annotations

import io
import tarfile

import pytest

from sxl_data.read.documents import Read, documents
from sxl_data.read.files import plan
from sxl_data.read.licences import UNRECOGNISED, by_folder, identify, is_licence_file, nearest, stated
from sxl_data.read.sources import Source

MIT = "Permission is hereby granted, free of charge, to any person … without restriction, including"
APACHE = "Apache License\n   Version 2.0, January 2004"


@pytest.mark.parametrize(
    ("spdx", "text"), [("MIT", MIT), ("Apache-2.0", APACHE), (UNRECOGNISED, "All rights reserved.")]
)
def test_a_licence_is_told_by_its_phrases(spdx, text):
    assert identify(text) == spdx


def test_several_licences_of_a_folder_are_a_choice_and_the_nearest_folder_counts():
    found = by_folder(
        [("LICENSE-MIT", MIT), ("LICENSE-APACHE", APACHE), ("COPYING", "see the others"), ("lib/LICENSE", MIT)]
    )
    assert found == {".": "Apache-2.0 OR MIT", "lib": "MIT"}
    assert (nearest("lib/deep/x.c", found), nearest("src/x.c", found), nearest("x.c", {})) == (
        "MIT",
        "Apache-2.0 OR MIT",
        "",
    )


def test_source_files_called_licence_are_no_licences():
    assert [is_licence_file(n) for n in ("LICENSE", "COPYING.txt", "unlicense", "licence.py", "README")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_documents_know_the_licence_above_them_in_folders_and_archives(tmp_path):
    files = {"a.py": "x = 1\n", "lib/b.py": "y = 1\n", "lib/LICENSE": APACHE, "zz/LICENSE": MIT, "zz/c.py": "z = 1\n"}
    with tarfile.open(tmp_path / "r.tar", "w") as archive:
        for name, text in files.items():
            path = tmp_path / "r" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    for name in ("r", "r.tar"):
        source = Source(name="r", path=str(tmp_path / name))
        items = [item for chunk in plan(source, tmp_path) for item in documents(chunk, "text", source, (".py",))]
        found = {item.document.file: item.document.licence for item in items if isinstance(item, Read)}
        assert found == {"a.py": "", "lib/b.py": "Apache-2.0", "zz/c.py": "MIT"}


def test_what_the_recipe_states_counts_for_an_unknown_text_at_the_top_and_nowhere_below():
    found = {"x": UNRECOGNISED, "x/vendored": UNRECOGNISED}
    assert {"x": "MIT", "x/vendored": UNRECOGNISED} == stated(found, "MIT")
    assert found == stated(found, "")
    assert {".": "ISC", "lib": UNRECOGNISED} == stated({".": "ISC", "lib": UNRECOGNISED}, "MIT")
    assert {"a/b": UNRECOGNISED} == stated({"a/b": UNRECOGNISED}, "MIT")
