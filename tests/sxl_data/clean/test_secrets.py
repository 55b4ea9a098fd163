from __future__ import annotations

import pyarrow as pa
import pytest

from sxl_data.clean.secrets import PATTERNS, redact

# Put together here, so that no scanner takes this file for a leak.
SAMPLES = {
    "aws-access-key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github-token": "ghp_" + "a" * 36,
    "gitlab-token": "glpat-" + "a1" * 10,
    "slack-token": "xoxb-" + "1234567890-abc",
    "google-api-key": "AIza" + "b" * 35,
    "anthropic-key": "sk-ant-" + "c" * 24,
    "openai-key": "sk-" + "d" * 40,
    "huggingface-token": "hf_" + "e" * 34,
    "npm-token": "npm_" + "f" * 36,
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + "g" * 60,
    "stripe-key": "sk_live_" + "h" * 24,
    "jwt": "eyJ" + "i" * 12 + ".eyJ" + "j" * 12 + "." + "k" * 12,
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    "url-password": "https://user:" + "hunter22" + "@example.org",
}


def test_every_pattern_has_a_sample():
    assert set(PATTERNS) == set(SAMPLES)


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_secret_is_replaced_and_its_surroundings_stay(kind: str):
    (text,) = redact(pa.array([f"before {SAMPLES[kind]} after"])).to_pylist()
    assert f"<SECRET:{kind}>" in text
    assert SAMPLES[kind] not in text
    assert text.startswith("before ") and text.endswith(" after")


@pytest.mark.parametrize("text", ["sk-learn is fun", "a key: abc", "https://example.org/a:b@c", "eyJ", None])
def test_what_is_no_secret_stays(text: str | None):
    assert [text] == redact(pa.array([text], pa.string())).to_pylist()
