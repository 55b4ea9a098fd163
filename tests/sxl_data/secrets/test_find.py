"""sxl_data.secrets.find: tokens wherever they stand, and nothing that only looks like one."""

from __future__ import annotations

import base64
import itertools
import random
import string

import pytest

from sxl_data.secrets import marks
from sxl_data.secrets.find import find, holds, which
from sxl_data.secrets.table import read, table

# Put together here, so that no scanner takes this file for a leak.
SAMPLES = {
    "aws-access-key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github-token": "ghp_" + "a" * 36,
    "gitlab-token": "glpat-" + "a1" * 10,
    "slack-token": "xoxb-" + "1234567890-abc",
    "google-api-key": "AIza" + "b" * 35,
    "anthropic-key": "sk-ant-" + "c" * 24,
    "openai-legacy-key": "sk-" + "d" * 40,
    "huggingface-token": "hf_" + "e" * 34,
    "npm-token": "npm_" + "f" * 36,
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + "g" * 60,
    "stripe-key": "sk_live_" + "h" * 24,
    "jwt": "eyJ" + "i" * 12 + ".eyJ" + "j" * 12 + "." + "k" * 12,
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
}
TOKEN = "ghp_" + "Qx7" * 12


def found(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(hit.kind, data[hit.start : hit.end].decode()) for hit in find(data)]


def test_the_table_has_at_least_ninety_kinds_each_named_once():
    kinds = table().kinds
    assert len(kinds) >= 90
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_token_is_found_with_its_kind_and_its_place(kind: str):
    assert [(kind, SAMPLES[kind])] == found(f"before {SAMPLES[kind]} after")


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "x\\n{}\\n",
        '"{}"',
        "\x1b[32m{}\x1b[0m",
        "\\u001b[1m{}",
        "a%20{}%0A",
        "T={};",
        "https://{}@github.com/o/r",
        "<b>{}</b>",
    ],
)
def test_escapes_around_a_token_do_not_hide_it(around: str):
    assert TOKEN in [text for _, text in found(around.format(TOKEN))]


@pytest.mark.parametrize(
    "hidden",
    [
        "".join(f"\\u{ord(c):04x}" for c in TOKEN),
        "".join(f"%{ord(c):02X}" for c in TOKEN),
        "".join(f"\\x{ord(c):02x}" for c in TOKEN),
        "".join(f"&#{ord(c)};" for c in TOKEN),
        base64.b64encode(f"the key is {TOKEN} here".encode()).decode(),
        TOKEN[:6] + "\x1b[0m" + TOKEN[6:],
        TOKEN[:9] + "\u200b" + TOKEN[9:],
        "\x00".join(TOKEN),
        TOKEN[:20] + "\n" + TOKEN[20:],
        TOKEN[:20] + "\\\n    " + TOKEN[20:],
        TOKEN[:20] + '" +\n  "' + TOKEN[20:],
    ],
)
def test_escapes_and_line_breaks_within_a_token_do_not_hide_it(hidden: str):
    (hit,) = find(f"so {hidden} there".encode())
    assert hit.kind == "github-token"
    assert f"so {hidden} there".encode()[hit.start : hit.end] == hidden.encode()


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("kX8#mP2q", 'password = "kX8#mP2q"'),
        ("kX8mP2qL", "DB_PASSWORD=kX8mP2qL"),
        ("kX8mP2qL", '{\\"user\\": \\"a\\", \\"password\\": \\"kX8mP2qL\\"}'),
        ("kX8mP2qL", "mysql://app:kX8mP2qL@db/x"),
        ("p7/w1x", "redis://app:p7/w1x@db/x"),
        ("kX8mP2qL", "mytool --password kX8mP2qL -v"),
        ("kX8mP2qL", "machine h login a password kX8mP2qL"),
        ("kX8mP2qL", "<password>kX8mP2qL</password>"),
        ("kX8mP2qL9tUv3wYz", 'conn.set("api_key", "kX8mP2qL9tUv3wYz")'),
        ("kX8mP2qL9tUv3wYz", "token: str = 'kX8mP2qL9tUv3wYz'"),
    ],
)
def test_a_value_is_found_by_the_name_it_is_set_to(secret: str, text: str):
    assert [secret] == [value for _, value in found(text)]


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn is fun",
        "https://example.org/a:b@c",
        "eyJ",
        "token = self.token",
        "password: str = None",
        "api_key = os.environ['API_KEY']",
        'password = "${DB_PASSWORD}"',
        "max_tokens=4096",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "postgres://user:password@localhost/db",
        "http://localhost:3000/users/@me",
        "sha256:" + "0a" * 32,
        "class='sk-fading-circle-wrapper-of-the-whole-page'",
        "W@x.sum()",
        "codecs.encode(password, 'rot13')",
        "Token::RecursiveZeroOrMore",
        "secret_name = 'my-app-secret'",
        "",
        "key" * 10_000,
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert [] == found(text)


def test_fresh_random_tokens_of_every_prefix_with_a_fixed_length_are_found():
    dice = random.Random()
    for kind, prefix, letters, count in (
        ("digitalocean-token", "dop_v1_", "0123456789abcdef", 64),
        ("npm-token", "npm_", string.ascii_letters, 36),
        ("linear-key", "lin_api_", string.ascii_letters + string.digits, 40),
        ("age-secret-key", "AGE-SECRET-KEY-1", string.ascii_uppercase, 58),
    ):
        token = prefix + "".join(dice.choice(letters) for _ in range(count))
        assert [(kind, token)] == found(f"it is {token}.")


def test_hits_are_in_order_and_apart():
    text = f"{TOKEN} password='kX8#mP2q' https://u:{TOKEN}@h token={TOKEN}"
    hits = find(text.encode())
    assert all(a.end <= b.start for a, b in itertools.pairwise(hits))
    assert len(hits) == 4


@pytest.mark.parametrize(
    "hostile",
    [
        "-----BEGIN PRIVATE KEY-----" * 20_000,
        "://" * 200_000,
        "password=" * 60_000,
        "ghp_" * 100_000,
        "%41" * 200_000,
        "A" * 1_000_000,
        "\x1b[0m" * 100_000,
        "a@" * 200_000,
        "\\u0041" * 60_000,
        "sk-" + "\n" * 200_000,
        "eyJ." * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_long_hostile_text_comes_back(hostile: str):
    # Quadratic work on these would take hours.
    assert all(0 <= hit.start < hit.end <= len(hostile) for hit in find(hostile.encode()))


def test_a_table_of_ones_own_is_read_and_a_wrong_one_refused():
    plain = b'[alphabets]\nx = "a-z"\n[tokens]\nk = {prefix = ["zz_"], alphabet = "x", length = [4, 4]}\n[forms]\n[assigned]\n[stop]\nparts = []\nnames = "zz"\n'
    assert ("k",) == read(plain).kinds
    with pytest.raises(Exception, match="lenght"):
        read(plain.replace(b"length", b"lenght"))


def test_texts_searched_as_one_are_those_that_hold_something_alone():
    rng = random.Random(3)
    pieces = [
        "a word",
        "password = hunter2Hunter2!",
        "jo@uni-x.org",
        "",
        "x\nkey:",
        "/home/jo/x",
        "%41KIA",
        *SAMPLES.values(),
    ]
    texts = [" ".join(rng.choices(pieces, k=rng.randrange(4))).encode() for _ in range(300)]
    alone = {n for n, text in enumerate(texts) if find(text, people=True)}
    assert len(alone) > 50
    assert alone == which(texts, people=True) & alone
    assert [n in alone for n in range(len(texts))] == [holds(text, people=True) for text in texts]


def test_what_the_compiled_pass_leaves_out_of_many_texts_holds_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(marks, "_LEAST", 1)
    marks.prepare()
    run = base64.b64encode(b"the token is " + SAMPLES["github-token"].encode())
    texts = [
        b"plain words " * 9,
        SAMPLES["github-token"].encode(),
        run,
        b"0123456789abcdef" * 4,
        b"",
        b"mail jo@uni-x.org",
    ]
    assert [True, True, True] == [may for may, text in zip(marks.among(texts), texts) if find(text, people=True)]
    if marks.among([b"plain"]) != [True]:  # there is a pass here
        assert [False, True, True, False, False, True] == marks.among(texts)
