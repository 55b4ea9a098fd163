"""Code from which secrets and persons were taken parses as before."""

from __future__ import annotations

import json

import pytest
import yaml

from sxl_data.files.syntax import parses
from sxl_data.secrets.find import find
from sxl_data.secrets.redact import Placeholders, redact

# Composed here, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "q7Wm2Rx9Lk4Tz8Vb3Nc6Yd5Hf1Js0Pg2Ua7E"
BEARER = "A" * 22 + "eaDuK56wwA7jThgD4QZ4u072kPeybGCaQWMisYrtdEEdKjZaFMAcphUyR9IHbL4t8a0bpH3TOy"
HEAD, TAIL = "-----BEGIN OPENSSH " + "PRIVATE KEY-----", "-----END OPENSSH " + "PRIVATE KEY-----"
KEY = f"{HEAD}\n{'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAB' * 3}\nZMYIT8g9c2MOtJiU1Y=\n{TAIL}"
PASSWORD = "kX8" + "mP2qL9wZr"

CODE = {
    "javascript": "const token = '{T}', home = \"C:\\Users\\wanda\\src\"; // {T}\nfetch(`https://u:{P}@h.io/${{token}}`);\n",
    "typescript": "const key: string = `{K}`;\nexport const o = {{ password: '{P}', 'token': \"{T}\" }};\n",
    "go": 'package a\n\nconst token = "{T}"\n\nvar key = `{K}`\n\nfunc f() {{ g("Bearer {T}", "{{\\"a\\":\\"{B}\\"}}") }}\n',
    "rust": 'const T: &str = "{T}";\nfn f() {{ let password = "{P}"; let k = r#"{K}"#; g(password, k, "\\"{B}\\""); }}\n',
    "java": 'class A {{\n  String password = "{P}"; // {T}\n  String j = "{{\\"a\\":\\"{B}\\",\\"b\\":\\"{T}\\"}}";\n}}\n',
    "c": '#define TOKEN "{T}"\nstatic const char *password = "{P}"; /* {T} */\nint f(void) {{ return g("\\"{B}\\""); }}\n',
    "bash": 'export TOKEN={T}\nif true; then\n  echo "{K}"\n  exit 0;\nfi\ncurl -u "ann:{P}" -H \'Bearer {T}\' https://h.io\n',
    "python": 'token = "{T}"\nkey = """{K}"""\ndef f(password="{P}"):\n    return g(f"{{token}} {B}", r"C:\\Users\\wanda")\n',
    "yaml": 'password: {P}\ntokens: [{T}, "{T}"]\nheaders: {{auth: "Bearer {T}"}}\nenv:\n  - name: T\n    value: {T} # {T}\n',
    "json": '{{"password": "{P}", "t": ["{T}", "a\\n{T}"], "j": "{{\\"a\\":\\"{B}\\"}}", "h": "C:\\\\Users\\\\wanda"}}',
}


def is_code(language: str, text: str) -> bool:
    if language == "json":
        json.loads(text)
    elif language == "yaml":
        yaml.safe_load(text)
    else:
        return parses(language, text) is True
    return True


@pytest.mark.parametrize("language", sorted(CODE))
def test_code_parses_and_holds_nothing_of_it(language: str) -> None:
    text = CODE[language].format(T=TOKEN, B=BEARER, P=PASSWORD, K=KEY)
    assert is_code(language, text)
    left = redact(text.encode(), Placeholders()).data.decode()
    assert is_code(language, left), left
    assert not [piece for piece in (TOKEN, BEARER, PASSWORD, "b3BlbnNzaC1rZXkt", "wanda") if piece in left]
    assert find(left.encode(), people=True) == []


def test_a_key_ends_where_it_says_so() -> None:
    text = f'echo "{KEY}"\n  exit 0; and more words\n'.encode()
    assert redact(text, Placeholders()).data == b'echo "SECRET_private_key"\n  exit 0; and more words\n'
    cut = f'echo "{KEY[:150]}'.encode()
    assert [hit.kind for hit in find(cut)] == ["private-key-cut"]
