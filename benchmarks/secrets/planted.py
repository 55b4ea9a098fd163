"""Tokens, persons and look-alikes that the benchmark plants, made anew at each run.

A sample is a template: ``{A36}`` is 36 letters and digits, and so on (`_CLASSES`); what stands between « and » is the
secret, or the whole where there are no such marks. The forms are the issuers' own, written down apart from the rules.
Nothing here is a real token, and no token is in this file.
"""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
from pathlib import Path

_CLASSES = {
    "A": string.ascii_letters + string.digits,
    "L": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "B": string.ascii_letters + string.digits + "+/",
    "W": string.ascii_letters + string.digits + "_-",
    "9": string.digits,
    "2": string.ascii_uppercase + "234567",
    "c": string.ascii_letters,
    "l": string.ascii_lowercase,
}

SECRETS = {
    "aws access key": "AKIA{U16}",
    "aws secret key": "aws_secret_access_key = «{B40}»",
    "aws secret key, camel case": '"secretAccessKey": "«{B40}»"',
    "aws session token": "AWS_SESSION_TOKEN=«IQoJb3JpZ2lu{B200}»",
    "azure storage": "DefaultEndpointsProtocol=https;AccountName=store1;AccountKey=«{B86}==»",
    "azure service bus": "Endpoint=sb://bus.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=«{B43}=»",
    "azure sas": "https://store1.blob.core.windows.net/c/f?sv=2022-11-02&se=2031-01-01&sig=«{A42}%3D»",
    "azure client secret": "{A3}8Q~{A34}",
    "google api key": "AIza{W35}",
    "google oauth token": "ya29.{W120}",
    "google client secret": "GOCSPX-{W28}",
    "google refresh token": "1//0{W60}",
    "google service account": '{"type": "service_account", "private_key_id": "«{h40}»"}',
    "digitalocean": "dop_v1_{h64}",
    "digitalocean oauth": "doo_v1_{h64}",
    "digitalocean refresh": "dor_v1_{h64}",
    "cloudflare token": "CLOUDFLARE_API_TOKEN=«{A40}»",
    "cloudflare key": "cloudflare_api_key: «{h37}»",
    "cloudflare origin ca": "v1.0-{h24}-{h146}",
    "databricks": "dapi{h32}",
    "vault": "hvs.{W90}",
    "vault batch": "hvb.{W140}",
    "terraform": "{A14}.atlasv1.{A64}",
    "alibaba": "LTAI{A20}",
    "alibaba secret": "ALIYUN_ACCESS_KEY_SECRET=«{A30}»",
    "tencent": "AKID{A32}",
    "heroku": "HEROKU_API_KEY=«{h8}-{h4}-{h4}-{h4}-{h12}»",
    "heroku new": "HRKU-{W60}",
    "linode": "LINODE_TOKEN=«{h64}»",
    "hetzner": "HCLOUD_TOKEN=«{A64}»",
    "vultr": "VULTR_API_KEY=«{U36}»",
    "scaleway": "SCW_SECRET_KEY=«{h8}-{h4}-{h4}-{h4}-{h12}»",
    "fly": "FlyV1 fm2_{B160}",
    "netlify": "nfp_{A36}",
    "render": "rnd_{A32}",
    "supabase": "sbp_{h40}",
    "planetscale": "pscale_tkn_{W43}",
    "planetscale password": "pscale_pw_{W43}",
    "neon": "napi_{L64}",
    "pulumi": "pul-{h40}",
    "doppler": "dp.pt.{A43}",
    "tailscale": "tskey-auth-{A17}-{A32}",
    "1password": "ops_eyJ{A260}",
    "github classic": "ghp_{A36}",
    "github oauth": "gho_{A36}",
    "github app": "ghs_{A36}",
    "github fine grained": "github_pat_{A22}_{A59}",
    "gitlab": "glpat-{W20}",
    "gitlab deploy": "gldt-{W20}",
    "gitlab runner": "glrt-{W20}",
    "gitlab runner, old": "GR1348941{W20}",
    "gitlab ci job": "glcbt-64_{W20}",
    "gitlab trigger": "glptt-{h40}",
    "bitbucket": "ATBB{A32}",
    "atlassian": "ATATT3xFfGF0{W170}={H8}",
    "npm": "npm_{A36}",
    "npmrc": "//registry.npmjs.org/:_authToken=«{h8}-{h4}-{h4}-{h4}-{h12}»",
    "pypi": "pypi-AgEIcHlwaS5vcmc{W150}",
    "rubygems": "rubygems_{h48}",
    "crates": "cio{A32}",
    "nuget": "oy2{L43}",
    "clojars": "CLOJARS_{L60}",
    "docker hub": "dckr_pat_{W27}",
    "artifactory": "AKCp{A69}",
    "sonar": "squ_{h40}",
    "circleci": "CCIPAT_{A22}_{h40}",
    "buildkite": "bkua_{h40}",
    "postman": "PMAK-{h24}-{h34}",
    "slack bot": "xoxb-{912}-{913}-{A24}",
    "slack user": "xoxp-{912}-{913}-{912}-{h32}",
    "slack app": "xapp-1-A{U10}-{913}-{h64}",
    "slack webhook": "https://hooks.slack.com/services/«T{U10}/B{U10}/{A24}»",
    "discord bot": "M{A23}.{W6}.{W38}",
    "discord webhook": "https://discord.com/api/webhooks/«{918}/{W68}»",
    "telegram": "{910}:AA{W33}",
    "teams webhook": "https://contoso.webhook.office.com/webhookb2/"
    "«{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}»",
    "twilio key": "SK{h32}",
    "twilio auth token": "TWILIO_AUTH_TOKEN=«{h32}»",
    "sendgrid": "SG.{W22}.{W43}",
    "mailgun": "key-{h32}",
    "mailchimp": "{h32}-us17",
    "brevo": "xkeysib-{h64}-{A16}",
    "resend": "re_{A8}_{A24}",
    "stripe live": "sk_live_{A99}",
    "stripe restricted": "rk_live_{A99}",
    "stripe test": "sk_test_{A24}",
    "stripe webhook": "whsec_{A32}",
    "square": "sq0atp-{W22}",
    "square secret": "sq0csp-{W43}",
    "shopify": "shpat_{h32}",
    "shopify shared": "shpss_{h32}",
    "braintree": "access_token$production${L16}${h32}",
    "plaid": "access-production-{h8}-{h4}-{h4}-{h4}-{h12}",
    "razorpay": "rzp_live_{A14}",
    "paypal": "PAYPAL_CLIENT_SECRET=«{W80}»",
    "flutterwave": "FLWSECK-{h32}-X",
    "easypost": "EZAK{A54}",
    "shippo": "shippo_live_{h40}",
    "openai": "sk-{A48}",
    "openai project": "sk-proj-{W120}",
    "openai service": "sk-svcacct-{W80}",
    "anthropic": "sk-ant-api03-{W93}AA",
    "openrouter": "sk-or-v1-{h64}",
    "hugging face": "hf_{c34}",
    "replicate": "r8_{A37}",
    "groq": "gsk_{A52}",
    "xai": "xai-{A80}",
    "perplexity": "pplx-{A48}",
    "deepseek": "sk-{h32}",
    "mistral": "MISTRAL_API_KEY=«{A32}»",
    "cohere": "COHERE_API_KEY=«{A40}»",
    "nvidia": "nvapi-{W64}",
    "langsmith": "lsv2_pt_{h32}_{h10}",
    "wandb": "WANDB_API_KEY=«{h40}»",
    "pinecone": "pcsk_{A5}_{A63}",
    "elevenlabs": "sk_{h48}",
    "together": "tgp_v1_{W43}",
    "fireworks": "fw_{A22}",
    "tavily": "tvly-{A32}",
    "datadog": "DD_API_KEY=«{h32}»",
    "newrelic": "NRAK-{U27}",
    "newrelic licence": "{h36}NRAL",
    "grafana": "glsa_{A32}_{h8}",
    "grafana cloud": "glc_eyJ{A90}",
    "sentry": "sntrys_eyJ{A120}_{A43}",
    "sentry user": "sntryu_{h64}",
    "dynatrace": "dt0c01.{224}.{264}",
    "honeycomb": "hcaik_{L58}",
    "splunk hec": "Authorization: Splunk «{h8}-{h4}-{h4}-{h4}-{h12}»",
    "linear": "lin_api_{A40}",
    "notion": "ntn_{911}{A35}",
    "figma": "figd_{W40}",
    "airtable": "pat{A14}.{h64}",
    "hubspot": "pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}",
    "dropbox": "sl.{W140}",
    "contentful": "CFPAT-{W43}",
    "typeform": "tfp_{A44}",
    "facebook": "EAACEdEose0cBA{A120}",
    "twitter bearer": "AAAAAAAAAAAAAAAAAAAAA{A80}",
    "jwt": "eyJ{A33}.eyJ{A80}.{W43}",
    "rsa key": "-----BEGIN RSA PRIVATE KEY-----\n{B64}\n{B64}\n{B40}==\n-----END RSA PRIVATE KEY-----",
    "ssh key": "-----BEGIN OPENSSH PRIVATE KEY-----\n{B70}\n{B70}\n{B32}=\n-----END OPENSSH PRIVATE KEY-----",
    "pgp key": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{B64}\n{B64}\n={B4}\n-----END PGP PRIVATE KEY BLOCK-----",
    "age key": "AGE-SECRET-KEY-1{U58}",
    "wireguard": "PrivateKey = «{B43}=»",
    "netrc": "machine api.corp.io login ann password «{A14}»",
    "basic header": "Authorization: Basic «{basic}»",
    "bearer header": "Authorization: Bearer «{A40}»",
    "token header": "Authorization: token «{h40}»",
    "api key header": "X-Api-Key: «{A32}»",
    "password in code": 'password = "«{A6}#{A4}»"',
    "password in env": "DB_PASSWORD=«{A12}»",
    "password in yaml": "password: «{A10}!{A2}»",
    "password in json": '{"user": "ann", "password": "«{A14}»"}',
    "password option": "mytool --password «{A12}» --verbose",
    "client secret": 'client_secret: "«{A40}»"',
    "secret key": "SECRET_KEY = '«{A20}_{A29}»'",
    "kubeconfig": "    client-key-data: «LS0tLS1CRUdJTiBSU0Eg{B200}==»",
    "kubeconfig token": "    token: «{A60}»",
    "session cookie": "Cookie: theme=dark; sessionid=«{L32}»; lang=en",
    "set-cookie": "Set-Cookie: session=«{A48}»; HttpOnly",
    "postgres url": "postgres://app:«{A12}»@db.corp.io:5432/app",
    "short password url": "mysql://app:«{A3}7»@db/app",
    "slash password url": "redis://app:«{A4}/{A6}»@cache:6379/0",
    "mongodb url": "mongodb+srv://app:«{A12}»@cluster0.ab1cd.mongodb.net/x",
    "git url": "https://ann:«{A20}»@git.corp.io/x.git",
    "ado connection": "Server=db;Database=app;User Id=sa;Password=«{A8}!{A4}»;",
    "curl user": "curl -u ann:«{A14}» https://api.corp.io",
    "docker auth": '{"auths": {"registry.corp.io": {"auth": "«{basic}»"}}}',
    "shadow": "ann:«$6${A16}${A86}»:19000:0:99999:7:::",
    "ethereum key": 'private_key = "«0x{h64}»"',
    "okta": "OKTA_API_TOKEN=«00{W40}»",
    "auth0": "AUTH0_CLIENT_SECRET=«{W64}»",
    "algolia": "ALGOLIA_ADMIN_KEY=«{h32}»",
    "snyk": "SNYK_TOKEN=«{h8}-{h4}-{h4}-{h4}-{h12}»",
    "sentry dsn": "https://«{h32}»@o{96}.ingest.sentry.io/{97}",
    "firebase": "{W11}:APA91{W134}",
    "mapbox": "sk.eyJ{A80}.{W22}",
}


def fill(template: str, dice: random.Random) -> tuple[str, str]:
    """The text of ``template`` and the secret in it."""

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name == "basic":
            return base64.b64encode(f"ann:{_draw('A', 16, dice)}".encode()).decode().rstrip("=")
        return _draw(name[0], int(name[1:]), dice)

    text = re.sub(r"\{(basic|[A-Za-z29]\d+)\}", one, template)
    marked = re.search("«(.*)»", text, re.DOTALL)
    return text.replace("«", "").replace("»", ""), marked[1] if marked else text


def _draw(name: str, count: int, dice: random.Random) -> str:
    letters = _CLASSES[name]
    while True:
        drawn = "".join(dice.choice(letters) for _ in range(count))
        # Real tokens hold a digit and end with a letter or digit; a short draw may do neither.
        if drawn[-1].isalnum() and (count < 8 or name in "cl" or any(c.isdigit() for c in drawn)):
            return drawn


LOOK_ALIKES = [
    re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], line)
    for line in Path(__file__).with_name("look_alikes.txt").read_text(encoding="utf-8").splitlines()
]
"""Harmless texts, one a line of the file beside this one; each has to come back as it is."""


def look_alike(template: str, dice: random.Random) -> str:
    """The harmless text of ``template``."""
    text = template.replace("{uuid}", str(uuid.UUID(int=dice.getrandbits(128), version=4)))
    return fill(text, dice)[0]


PERSONS = {
    "e-mail": ("write to «{l6}.{l7}@{l9}.io» soon", "«{l8}+x@mail.{l9}.co.uk»"),
    "phone": ("call «+49 30 {94} {94}» today", "phone: «+14{92}8{96}»", "reach me at «(4{92}) 6{92}-7{93}»"),
    "ip": ("from «5.1{92}.1{91}.77» port 22", "Accepted for x from «91.1{91}.1{91}5.200»"),
    "ipv6": ("from «2a02:{h4}:{h4}::{h2}» port",),
    "git author": ("Author: «Xu{l5} Zo{l7}» <{l6}@{l9}.de>", "Co-authored-by: «Xu{l5} Zo{l7}» <{l6}@{l9}.fr>"),
    "shell prompt": ("«{l7}»@{l6}-laptop:~/src$ ls",),
    "ls owner": ("-rw-r--r-- 1 «{l8}» staff 120 Jan  1 10:00 a.txt",),
    "linux home": ("cd /home/«{l7}»/src", "open('/home/«{l7}»/a.csv')"),
    "mac home": ("/Users/«{l7}»/Documents/x", "/Users/«Xa{l4} Zu{l5}»/Documents/x"),
    "windows home": ("C:\\Users\\«{l7}»\\x", "C:\\Users\\«Xa{l4} Zu{l5}»\\Desktop"),
    "export home": ("/export/users/«{l7}»/job", "/export/home/«{l7}»/x"),
    "tilde home": ("ls ~«{l7}»/src",),
}
