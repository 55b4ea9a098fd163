"""sxl_data.read.licence_headers"""

from __future__ import annotations

import pytest

from sxl_data.read.licence_headers import licence_of

HEADERS = {
    "// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note\nint x;": "GPL-2.0-only WITH Linux-syscall-note",
    "/* SPDX-License-Identifier: (MIT OR Apache-2.0) */\n": "(MIT OR Apache-2.0)",
    "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\n": "BSD-3-Clause",
    "# SPDX-License-Identifier: our own terms\n": "LicenseRef-unrecognised",
    '# Copyright\n#\n# Licensed under the Apache License, Version 2.0 (the "License");\nimport os': "Apache-2.0",
    "/*\n * under the terms of the GNU General Public License as published by\n * the Free Software Foundation,"
    " either version 3 of the License, or\n * (at your option) any later version.\n */\n": "GPL-3.0-or-later",
    "# under the GNU General Public License, version 2, of the FSF\nx = 1": "GPL-2.0-only",
    "# GNU Lesser General Public\n# License; either\n# version 2.1 of the License, or any later version": "LGPL-2.1-or-later",
    "/* GNU Affero General Public License v3.0 */": "AGPL-3.0-only",
    "/* This Source Code Form is subject to the terms of the Mozilla Public\n * License, v. 2.0. */": "MPL-2.0",
    "// Released under the MIT License.\n": "MIT",
    '"""\nPermission is hereby granted, free of charge, to any person to deal without restriction\n"""': "MIT",
    "# Redistribution and use in source and binary forms, with or without\n# Neither the name of": "BSD-3-Clause",
    "// Licensed under the Apache License, Version 2.0 or the MIT license, at your option.": "MIT OR Apache-2.0",
    "# Unauthorized copying of this file is strictly prohibited\n": "LicenseRef-proprietary",
    "import x\n__license__ = 'MIT'\n": "MIT",
    "// governed by a BSD-style license that can be found in the LICENSE file.\npackage x": None,
    "import os\nprint('licensed under the apache license, version 2.0')": None,
    "# You can choose between two licenses: 1) GNU GPL version 2 2) PSF": None,
    "# A helper\nimport os": None,
    "": None,
}


@pytest.mark.parametrize(("text", "expected"), HEADERS.items())
def test_the_head_of_a_file_says_its_licence(text: str, expected: str | None):
    assert expected == licence_of(text)


def test_only_what_stands_before_the_code_counts():
    assert licence_of("x = 1\n" * 10 + "# SPDX-License-Identifier: MIT\n") is None
