"""Is a value that stands where secrets stand a secret, or a word, a path, a call, a placeholder?

In: the bytes of a value. Out: yes or no. People write passwords by hand, so a password is judged by the classes of its
characters; tokens are made by machines, so a token is judged by the bits per character and by digits among letters.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import math
import zlib
from collections import Counter
from functools import lru_cache

from sxl_data.contract.patterns import compile
from sxl_data.secrets.table import table

_KEPT = 4096
"""Values of which it is remembered what they are: the same ones come again and again."""
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WORDS = compile(rb"[A-Za-z]+(?:[_.:/ -]+[A-Za-z]+)*[_.-]?\d{0,2}[!?.]?")
_JOINED = rb"[_.:/ -]*"
_NATURAL = compile(
    rb"(?:[a-z]+(?:"
    + _JOINED
    + rb"[a-z]+)*|[A-Z]+(?:"
    + _JOINED
    + rb"[A-Z]+)*|[a-z]*(?:"
    + _JOINED
    + rb"[A-Z][a-z]{2,})+)"
    rb"[_.-]?\d{0,2}[!?.]?"
)
_PATH = compile(rb"(?:[~.]{0,2}/|[A-Za-z]:\\|[\w.-]+/[\w.-]+/|https?://|\w+://).*")
_ATTRIBUTE = compile(rb"[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+")
_CODE = compile(rb"[\w.]*[(\[{].*|.*[)\]}];?|[@&*].*|.*::.*|\^.*|#.*|.*\\[ux].*|!.*")
_TEMPLATE = compile(rb"\$[A-Za-z_{(].*|%[(sdA-Z].*|.*\$\{.*|.*\{\{.*|<.*>|\{[\w.:!]*\}|.*[{%]\w*[}%].*")
_TAME = compile(
    rb"(?i)(?:my|the|a|new|old|some|bad|good|wrong|super|db|test|user|root|admin|guest|demo|foo|bar|baz|abc|qwerty|pass"
    rb"|passwd|password|passw0rd|p4ssw0rd|pwd|secret|s3cret|token|key|api|letmein|hello|welcome|default|none|null|true"
    rb"|false|string|value|utf|sha|md|base|aes|rsa|hs|rs|es|oauth|v|int|uint|float|str|bytes?|postgres|mysql|redis|mongo"
    rb"|rabbitmq|latin|rot|ascii|cp|iso|[_.-]|\d|[!@#$%*]|\\[nrt])+"
)
_UNLIKE_TOKEN = compile(
    rb"(?i)(?:sha\d+|md5|ssh-|rsa|ecdsa|urn|data|arn|projects?/|refs?/).*|.*\.(?:py|js|ts|json|ya?ml|txt|html?|css|pem|key|crt|go|rs|java|rb|com|org|net|io)"
)
_TOKEN = compile(rb"[\w.+/=~:|%-]+")
_JOINTS = b"_-. ,:'/"
_PIECE = compile(rb"[A-Za-z0-9+/]+")


@lru_cache(_KEPT)
def entropy(value: bytes) -> float:
    """Shannon's bits per character of ``value``."""
    if not value:
        return 0.0
    n = len(value)
    return -sum(count / n * math.log2(count / n) for count in Counter(value).values())


def proves(checksum: str, token: bytes) -> bool:
    """Whether the last characters of ``token`` are the ``checksum`` of the rest: nobody writes that by chance."""
    if checksum != "crc32-base62":
        return False
    body, stated = token.partition(b"_")[2][:-6], token[-6:]
    number, digits = zlib.crc32(body), b""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit : digit + 1] + digits
    return digits.rjust(6, b"0") == stated


def is_plain(value: bytes) -> bool:
    """Whether ``value`` is words of small or of capital letters alone, or one word: no rule takes it for a secret, and
    most of what telling names are set to is so."""
    letters = value.translate(None, b"_-. ,:'/")
    return len(value) < 30 and letters.isalpha() and (letters.islower() or letters.isupper() or value.istitle())


@lru_cache(_KEPT)
def is_stop(value: bytes) -> bool:
    """Whether ``value`` has a mark of what people write in place of a secret."""
    return any(part in value for part in table().stop_parts) or not value.strip(b"xX*.-_0#?")


@lru_cache(_KEPT)
def is_password(value: bytes, quoted: bool = True, least: int = 5) -> bool:
    """Whether a person may have chosen ``value``."""
    if not least <= len(value) <= 120 or is_stop(value) or _TAME.fullmatch(value):
        return False
    letters, digits = _count(value)
    symbols = len(value) - letters - digits
    if _TEMPLATE.fullmatch(value) or (_CODE.fullmatch(value) and (not quoted or symbols < 3)):
        return False
    if _PATH.fullmatch(value) or not letters or (b" " in value and not quoted):
        return False
    if _ATTRIBUTE.fullmatch(value) and (not quoted or digits < 2):
        return False
    if _WORDS.fullmatch(value):
        # One word with digits behind it is a password that people have; words alone are text.
        if digits and value[:-2].isalnum() and not value[:1].isupper():
            return True
        return len(value) >= 8 and not _NATURAL.fullmatch(value)
    return digits > 0 or not value.translate(None, _JOINTS).isalpha()


@lru_cache(_KEPT)
def is_token(value: bytes, least: int = 16) -> bool:
    """Whether a machine may have made ``value``."""
    if not least <= len(value) <= 2000 or is_stop(value) or not _TOKEN.fullmatch(value):
        return False
    if _UNLIKE_TOKEN.fullmatch(value) or entropy(value) < 2.9:
        return False
    # A slash is a sign of base64 too, which ends with = or is longer than names of folders are.
    if _PATH.fullmatch(value) and not (value.endswith(b"=") and len(value) % 4 == 0 and entropy(value) > 4.5):
        return False
    for piece in _PIECE.findall(value):
        digits = sum(48 <= byte <= 57 for byte in piece)
        if len(piece) >= 8 and (2 <= digits < len(piece) or (len(piece) >= 16 and _is_shuffled(piece))):
            return True
        if len(piece) >= 24 and digits and entropy(piece) > 4.2:
            return True
    return False


def is_url_password(value: bytes, before: bytes) -> bool:
    """Whether ``value`` is the password of the address that begins with ``before``, scheme and user."""
    scheme, _, user = before.rpartition(b"://")
    user = user.rstrip(b":")
    port, slash, _ = value.partition(b"/")
    if port.isdigit() and ((len(port) < 6 and slash) or (not slash and len(port) < 4)):
        return False
    if slash and scheme[-5:].lower().endswith((b"http", b"https", b"ws", b"wss", b"git")):
        return False
    if value == user or is_stop(value) or _TAME.fullmatch(value) or value[:1] in b"$<{*[(%/:":
        return False
    return len(value) >= 2 and not (b"{" in value or b"<" in value or b"$(" in value)


def is_basic(value: bytes) -> bool:
    """Whether ``value`` is base64 of user and password."""
    try:
        user, colon, password = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True).partition(b":")
    except (ValueError, binascii.Error):
        return False
    if not colon or len(password) < 2 or not (user.isascii() and password.isascii()):
        return False
    return user != password and not is_stop(password) and not _TAME.fullmatch(password)


def _count(value: bytes) -> tuple[int, int]:
    """ASCII letters and digits of ``value``."""
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in value)
    return letters, sum(48 <= byte <= 57 for byte in value)


def _is_shuffled(value: bytes) -> bool:
    """Whether upper and lower case change as they do in no word and no name of words."""
    changes = sum(1 for a, b in itertools.pairwise(value) if chr(a).islower() != chr(b).islower())
    return changes >= max(4, 0.3 * len(value))
