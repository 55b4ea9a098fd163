"""A second, independent set of tokens: shapes from the issuers' public documentation, drawn from patterns by another
generator than that of `planted.py`, in the files and commands in which people leave them.

    python benchmarks/secrets/fresh.py [--seed N] [--each N]

In: nothing. Out: recall by kind and by context, and kinds at zero.
No token is in this file; a name stands before a pattern where the issuer's token has no mark of its own.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re._constants as sre
import re._parser as parser
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
from places import trace

from sxl_data.secrets.rows import clean
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Part, Trace

KINDS = {
    "aws temporary": "ASIA[A-Z2-7]{16}",
    "aws secret": "AWS_SECRET_ACCESS_KEY=[A-Za-z0-9/+]{40}",
    "aws bedrock": "ABSK[A-Za-z0-9+/]{120}=",
    "gcp api": r"AIza[\w-]{35}",
    "gcp oauth secret": r"GOCSPX-[\w-]{28}",
    "azure ad secret": r"[a-zA-Z0-9_~.]{3}8Q~[a-zA-Z0-9_~.-]{33}[a-zA-Z0-9]",
    "azure storage": "AZURE_STORAGE_KEY=[A-Za-z0-9+/]{86}==",
    "azure openai": "AZURE_OPENAI_API_KEY=[a-f0-9]{32}",
    "digitalocean pat": "dop_v1_[a-f0-9]{64}",
    "cloudflare global": "CLOUDFLARE_API_KEY=[a-f0-9]{37}",
    "hashicorp vault": "hvs\\.CAES[A-Za-z0-9_-]{86}",
    "terraform cloud": r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9]{67}",
    "databricks pat": "dapi[0-9a-f]{32}-2",
    "linode pat": "LINODE_CLI_TOKEN=[a-f0-9]{64}",
    "fly access": "fo1_[A-Za-z0-9_-]{43}",
    "render api": "rnd_[A-Za-z0-9]{32}",
    "netlify pat": "nfp_[A-Za-z0-9]{36}",
    "planetscale oauth": "pscale_oauth_[A-Za-z0-9_=.-]{43}",
    "supabase service": "sb_secret_[A-Za-z0-9]{22}_[A-Za-z0-9]{8}",
    "upstash": "UPSTASH_REDIS_REST_TOKEN=A[A-Za-z0-9]{51}",
    "github user-to-server": "ghu_[A-Za-z0-9]{36}",
    "github refresh": "ghr_[A-Za-z0-9]{76}",
    "github fine": "github_pat_11[A-Z0-9]{20}_[A-Za-z0-9]{59}",
    "gitlab routable": r"glpat-[\w-]{27}\.01\.[0-9a-z]{9}",
    "gitlab runner auth": r"glrt-t1_[\w-]{20}",
    "bitbucket app": "ATBB[A-Za-z0-9]{24}[A-F0-9]{8}",
    "atlassian api": "ATATT3xFfGF0[A-Za-z0-9_-]{170}=[A-F0-9]{8}",
    "npm granular": "npm_[A-Za-z0-9]{36}",
    "pypi": "pypi-AgEIcHlwaS5vcmcCJ[A-Za-z0-9_-]{140}",
    "rubygems": "rubygems_[a-f0-9]{48}",
    "docker pat": "dckr_pat_[A-Za-z0-9_-]{27}",
    "jfrog": "AKCp8[A-Za-z0-9]{68}",
    "circleci": "CCIPAT_[A-Za-z0-9]{22}_[a-f0-9]{40}",
    "codecov": "CODECOV_TOKEN=[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
    "sonarqube": "sqp_[a-f0-9]{40}",
    "slack bot": "xoxb-[1-9]{11}-[1-9]{13}-[A-Za-z0-9]{24}",
    "slack rotating": "xoxe\\.xoxp-1-[A-Za-z0-9]{160}",
    "slack app-level": "xapp-1-A0[A-Z0-9]{9}-[1-9]{13}-[a-f0-9]{64}",
    "discord bot": r"MT[A-Za-z0-9]{22}\.G[A-Za-z0-9_-]{5}\.[\w-]{37}[A-Za-z0-9]",
    "telegram bot": "[1-9][0-9]{9}:AA[A-Za-z0-9_-]{32}[A-Za-z0-9]",
    "twilio api key": "SK[a-f0-9]{32}",
    "twilio auth": "TWILIO_AUTH_TOKEN=[a-f0-9]{32}",
    "sendgrid": r"SG\.[\w-]{22}\.[\w-]{42}[A-Za-z0-9]",
    "mailgun private": "key-[a-f0-9]{32}",
    "mailchimp": "[a-f0-9]{32}-us[1-9]",
    "brevo smtp": "xsmtpsib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
    "resend": "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
    "postmark": "POSTMARK_SERVER_TOKEN=[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
    "stripe restricted": "rk_live_51[A-Za-z0-9]{97}",
    "stripe webhook": "whsec_[A-Za-z0-9]{32}",
    "paypal secret": "PAYPAL_CLIENT_SECRET=E[A-Za-z0-9_-]{78}[A-Za-z0-9]",
    "square": "EAAAE[A-Za-z0-9_-]{58}[A-Za-z0-9]",
    "shopify admin": "shpat_[a-f0-9]{32}",
    "openai project": "sk-proj-[A-Za-z0-9_-]{74}T3BlbkFJ[A-Za-z0-9_-]{73}[A-Za-z0-9]",
    "anthropic admin": "sk-ant-admin01-[A-Za-z0-9_-]{93}AA",
    "hugging face": "hf_[A-Za-z]{34}",
    "groq": "gsk_[A-Za-z0-9]{52}",
    "perplexity": "pplx-[A-Za-z0-9]{48}",
    "openrouter": "sk-or-v1-[a-f0-9]{64}",
    "xai": "xai-[A-Za-z0-9]{80}",
    "deepseek": "sk-[a-f0-9]{32}",
    "replicate": "r8_[A-Za-z0-9]{37}",
    "mistral": "MISTRAL_API_KEY=[A-Za-z0-9]{32}",
    "gemini": "GEMINI_API_KEY=AIza[A-Za-z0-9_-]{34}[A-Za-z0-9]",
    "weights and biases": "WANDB_API_KEY=[a-f0-9]{40}",
    "langfuse": "sk-lf-[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
    "datadog app": "DD_APPLICATION_KEY=[a-f0-9]{40}",
    "new relic user": "NRAK-[A-Z0-9]{27}",
    "grafana service": "glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}",
    "sentry org": "sntrys_eyJ[A-Za-z0-9]{120}_[A-Za-z0-9+/]{42}[A-Za-z0-9]",
    "linear": "lin_api_[A-Za-z0-9]{40}",
    "notion": "ntn_[1-9]{11}[A-Za-z0-9]{35}",
    "figma": "figd_[A-Za-z0-9_-]{39}[A-Za-z0-9]",
    "airtable": r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
    "asana": "ASANA_ACCESS_TOKEN=2/[1-9]{16}/[1-9]{16}:[a-f0-9]{32}",
    "dropbox": r"sl\.u\.[A-Za-z0-9_-]{138}[A-Za-z0-9]",
    "okta": "OKTA_API_TOKEN=00[A-Za-z0-9_-]{39}[A-Za-z0-9]",
    "jwt": r"eyJhbGciOiJIUzI1NiJ9\.eyJ[A-Za-z0-9_-]{90}\.[A-Za-z0-9_-]{42}[A-Za-z0-9]",
    "age": "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
    "database password": "DATABASE_PASSWORD=[A-Za-z]{5}[0-9]{3}[!#%][A-Za-z0-9]{7}",
    "django key": "DJANGO_SECRET_KEY=[a-z0-9@^*_+-]{24}[a-z0-9]{26}",
    "session secret": "SESSION_SECRET=[a-f0-9]{64}",
    "jwt signing": "JWT_SECRET_KEY=[A-Za-z0-9]{48}",
    "basic password": "SMTP_PASSWORD=[a-z]{4}[0-9]{4}[A-Z]{4}[a-z]{4}",
}


def draw(pattern: str, dice: random.Random) -> str:
    """A text that ``pattern`` matches."""

    def one(parsed: Any) -> str:
        out = []
        for op, value in parsed:
            if op is sre.LITERAL:
                out.append(chr(value))
            elif op is sre.IN:
                out.append(chr(dice.choice(sorted(_letters(value)))))
            elif op is sre.MAX_REPEAT:
                out += [one(value[2]) for _ in range(dice.randint(value[0], value[1]))]
            else:
                raise ValueError(op)
        return "".join(out)

    parsed = parser.parse(pattern)
    while True:
        made = one(parsed)
        if made[-1] not in "-_.~/+":
            return made


def _letters(items: Any) -> set[int]:
    found: set[int] = set()
    for op, value in items:
        if op is sre.LITERAL:
            found.add(value)
        elif op is sre.RANGE:
            found |= set(range(value[0], value[1] + 1))
        elif op is sre.CATEGORY:
            found |= set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
    return found


def re_name(made: str) -> str:
    """The name that stands before a value, or none."""
    name, equals, _ = made.partition("=")
    return name if equals and name.isupper() and name.replace("_", "").isalpha() and "_" in name else ""


def _config(name: str, value: str) -> str:
    return f"[service]\nurl = https://api.corp.io\n{name.lower()} = {value}\n"


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.title() for word in rest)


def _say(text: str, n: int, **more: Any) -> Trace:
    return trace(n, content=(Part(text=text),), **more)


CONTEXTS: dict[str, Callable[[str, str, int], Trace]] = {
    ".env": lambda k, v, n: _say(f"NODE_ENV=production\n{k}={v}\nPORT=3000\n", n),
    "shell export": lambda k, v, n: trace(n, arguments=json.dumps({"command": f'set -e\nexport {k}="{v}"\n./run'})),
    "yaml": lambda k, v, n: _say(f"service:\n  {k.lower()}: {v}\n  retries: 3\n", n),
    "toml": lambda k, v, n: _say(f'[auth]\n{k.lower()} = "{v}"\n', n),
    "json": lambda k, v, n: _say(json.dumps({"a": 1, _camel(k): v}, indent=2), n),
    "json in json": lambda k, v, n: trace(
        n, arguments=json.dumps({"body": json.dumps({"config": json.dumps({k.lower(): v})})})
    ),
    "python": lambda k, v, n: _say(f"import os\n\n{k} = '{v}'\nclient = Client({k.lower()}={k})\n", n),
    "javascript": lambda k, v, n: _say(f"const {_camel(k)} = '{v}';\nmodule.exports = {{ {_camel(k)} }};\n", n),
    "dockerfile": lambda k, v, n: _say(f"FROM alpine\nENV {k}={v}\nRUN make\n", n),
    "docker run": lambda k, v, n: trace(n, arguments=json.dumps({"command": f"docker run -e {k}={v} -p 80:80 app"})),
    "kubernetes": lambda k, v, n: _say(f"kind: Secret\nstringData:\n  {k}: {v}\n", n),
    "kubernetes, base64": lambda k, v, n: _say(
        f"kind: Secret\ndata:\n  app.ini: {base64.b64encode(_config(k, v).encode()).decode()}\n", n
    ),
    "curl header": lambda k, v, n: _say(f"curl -s -H 'Authorization: Bearer {v}' https://api.corp.io/v1", n),
    "url query": lambda k, v, n: _say(f"GET https://api.corp.io/v1?limit=5&{k.lower()}={quote(v, safe='')}&x=1", n),
    "percent-encoded": lambda k, v, n: _say(f"body={quote(f'{k}={v}', safe='')}", n),
    "\\u-escaped": lambda k, v, n: _say("".join(f"\\u{ord(c):04x}" for c in f"{k}={v}"), n),
    "coloured": lambda k, v, n: _say(f"\x1b[36m{k}\x1b[0m=\x1b[1;33m{v}\x1b[0m\n", n),
    "diff": lambda k, v, n: _say(f"@@ -1 +1 @@\n-{k}=\n+{k}={v}\n", n),
    "table": lambda k, v, n: _say(f"| name | value |\n|---|---|\n| {k} | `{k}={v}` |\n", n),
    "log": lambda k, v, n: _say(f"2026-01-02T03:04:05Z DEBUG config loaded {k}={v} (2 keys)", n),
}
BARE: dict[str, Callable[[str, int], Trace]] = {
    "alone in prose": lambda v, n: trace(n, f"My token is {v}, please use it."),
    "split over lines": lambda v, n: _say(f'"{v[: len(v) * 2 // 3]}" \\\n    "{v[len(v) * 2 // 3 :]}"\n', n),
    "split over messages": lambda v, n: _say(
        f"read {v[: len(v) * 2 // 3]}", n, answer=f"{v[len(v) * 2 // 3 :]} is the rest"
    ),
}
"""Contexts for a token that shows by itself what it is."""


def measure(dice: random.Random, each: int) -> dict[str, Any]:
    cases: list[tuple[str, str, str, Trace]] = []
    for kind, pattern in KINDS.items():
        for _ in range(each):
            made = draw(pattern, dice)
            name = re_name(made)
            value = made[len(name) + 1 :] if name else made
            for context, place in CONTEXTS.items():
                if not (name and context == "curl header" and "PASSWORD" in name):
                    case = place(name or "SERVICE_VALUE", value, len(cases))
                    cases.append((kind, context, value, case))
            if not name:
                cases += [
                    (kind, where, value, put(value, len(cases) + i)) for i, (where, put) in enumerate(BARE.items())
                ]
    batch = to_table([case[3] for case in cases])
    rows = clean(batch, True, np.ones(len(batch), dtype=bool)).batch.to_pylist()
    kinds, contexts = Counter[str](), Counter[str]()
    of_kind, of_context = Counter[str](), Counter[str]()
    missed = Counter[str]()
    for (kind, context, value, _), row in zip(cases, rows):
        gone = not leaks(json.dumps(row, ensure_ascii=False), value)
        of_kind[kind] += 1
        of_context[context] += 1
        kinds[kind] += gone
        contexts[context] += gone
        missed[f"{kind} in {context}"] += not gone
    return {
        "planted": len(cases),
        "kinds": len(of_kind),
        "contexts": len(of_context),
        "recall": sum(kinds.values()) / len(cases),
        "kinds_at_zero": [kind for kind in of_kind if not kinds[kind]],
        "by_kind_below_1": {k: round(kinds[k] / of_kind[k], 3) for k in of_kind if kinds[k] < of_kind[k]},
        "by_context": {c: round(contexts[c] / of_context[c], 3) for c in of_context},
        "missed": [name for name, count in missed.most_common(400) if count],
    }


def leaks(row: str, value: str) -> bool:
    """Whether ``row`` holds ``value`` or twelve characters of its end, in any of the forms that were planted."""
    forms = [row, row.encode().decode("unicode_escape", "replace")]
    end = value if len(value) < 20 else value[-12:]
    pieces = {value, end, quote(end, safe="")}
    pieces |= {base64.b64encode(b"x" * k + value.encode())[4:-4].decode() for k in range(3)}
    return any(piece in form for form in forms for piece in pieces if len(piece) >= 10)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seed", type=int)
    options.add_argument("--each", type=int, default=2)
    given = options.parse_args()
    seed = random.SystemRandom().getrandbits(32) if given.seed is None else given.seed
    dice = random.Random(seed)
    result = {"seed": seed, "secrets": measure(dice, given.each)}
    print(json.dumps(result, indent=1))
    return 0 if result["secrets"]["recall"] >= 0.95 and not result["secrets"]["kinds_at_zero"] else 1


if __name__ == "__main__":
    sys.exit(main())
