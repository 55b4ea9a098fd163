"""A page with a script of ours and data of anybody's, in one file that works without a network.

In: a package that holds ``page.html``, ``page.css`` and ``page.js``, and the data. Out: the page in ASCII. The browser
runs the script alone, which a content security policy names by its digest, and loads and sends nothing. The data are
JSON without ``<``, so no text can end the element it stands in; ``offline.js``, which comes before the package's own
script, has what writes every text as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files


def offline_page(package: str, data: object) -> str:
    """``page.html`` of ``package`` with its style, its script and ``data`` in their places."""
    style, script = _asset(package, "page.css"), _asset(__package__, "offline.js") + _asset(package, "page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    said = json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    pieces = {"policy": policy, "style": style, "script": script, "data": said}
    made, rest = "", _asset(package, "page.html")
    while "{" in rest:  # from left to right once, so that no text is taken for a place
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        made += before + pieces[name]
    return "".join(char if ord(char) < 128 else f"&#{ord(char)};" for char in made + rest)


def _asset(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
