"""sxl_data.secrets.persons and the placeholders that stand for them."""

from __future__ import annotations

import pytest

from sxl_data.secrets.redact import Placeholders, redact


def clean(*texts: str) -> list[str]:
    """All texts as those of one trace."""
    names = Placeholders()
    return [redact(text.encode(), names).data.decode() for text in texts]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("cd /home/user/shop", "cd /home/ann/shop"),
        ("/Users/user", "/Users/ann"),
        ("/Users/user/Documents", "/Users/Ann Lee/Documents"),
        (r"C:\Users\user\x", r"C:\Users\ann\x"),
        (r"C:\Users\user\x", r"C:\Users\Ann Lee\x"),
        ('{"p":"C:\\\\Users\\\\user\\\\x"}', '{"p":"C:\\\\Users\\\\ann\\\\x"}'),
        ("/export/users/user/x", "/export/users/ann/x"),
        ("cd ~user/src", "cd ~annlee/src"),
        ("-Users-user-shop and ann", "-Users-ann-shop and ann"),
        ("user@example.com wrote", "ann.lee+x@mail.corp.co.uk wrote"),
        (r'{"t":"\nuser@example.com"}', r'{"t":"\nann@corp.io"}'),
        (r'{"t":"see /home/user\nann 1"}', r'{"t":"see /home/ann\nann 1"}'),
        ("Author: User <user@example.com>", "Author: Ann Lee <ann@corp.io>"),
        ("user@host:~/x$ ls", "annlee@laptop:~/x$ ls"),
        ("-rw-r--r-- 1 user staff 1 Jan 1 a", "-rw-r--r-- 1 annlee staff 1 Jan 1 a"),
        ("call +1-202-555-0100 now", "call +49 30 1234 5678 now"),
        ("call +1-202-555-0100 now", "call +49 170 1234567 now"),
        ('{"tel": "+1-202-555-0100"}', '{"tel": "+43 (0) 664/7654321-12"}'),
        ("Tel. +1-202-555-0100", "Tel. 030 12345678"),
        ("Telefon: +1-202-555-0100, mobil +1-202-555-0100", "Telefon: 030 12345678, mobil 030/12345678"),
        ("☎ +1-202-555-0100", "☎ (030) 12345678"),
        (r'{"a":"{\"phone_number\": \"+1-202-555-0100\"}"}', r'{"a":"{\"phone_number\": \"0170 1234567\"}"}'),
        ("call me at +1-202-555-0100", "call me at 07700 900123"),
        ("phone no. +1-202-555-0100.", "phone no. 91 123 45 67."),
        ("call +1-202-555-0100 or 192.0.2.1", "call (555) 123-4567 or 91.12.45.200"),
        ("from 192.0.2.1 port 22", "from 91.12.45.200 port 22"),
        ("from 2001:db8::1 port", "from 2a02:810d:8f40:1::2 port"),
    ],
)
def test_what_names_a_person_is_taken_out(expected: str, text: str):
    assert clean(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:o/r.git",
        "bob@example.org",
        "/home/user/x ubuntu",
        "a @decorator and x@y",
        "W@x.sum()",
        "icon@2x.png",
        "vue@next.js",
        "x@w.to(device)",
        "react@18.2.0",
        "http://user:pass@httpbin.org/x",
        "/scim/v2/Users/list",
        "list(range(3))",
        '<Link to="/home/about">about</Link>',
        "https://example.com/home/welcome",
        "GET /Users/2819c223",
        "src/home/page.tsx",
        "/home/$USER/x",
        "/home/<name>/x",
        "x = ~mask & 1",
        "127.0.0.1 10.1.2.3 192.168.1.7 192.0.2.4",
        "version 1.2.3.4",
        "Chrome/120.10.20.30",
        "+1-202-555-0143",
        "@@ -1,7 +1,9 @@",
        "+120 3400 7654321",
        "x\n+49 170 1234567",
        "030 12345678",
        "hotel 030 12345678",
        "recall 030 12345678",
        "call 5551234567",
        "call 2023-01-15 10:30:22",
        "call 01.02.2023 1200",
        "mobile 2023-01-15 100",
        "tel 192.168.10.20",
        "phone: 0.12345678",
        "phone 1000000000",
        "tool_call 0 12 34 56 789",
        "1234567890",
        "root@3f2a1bc4d5e6:/app# ls",
        "drwxr-xr-x 2 root root 4096 Jan 1 a",
    ],
)
def test_what_names_nobody_stays(text: str):
    assert clean(text) == [text]


def test_one_person_has_one_placeholder_in_a_trace_and_another_person_another():
    assert clean("/home/ann/x ann@corp.io", "/home/bob/y bob@corp.io", "/home/ann/z ann@corp.io") == [
        "/home/user/x user@example.com",
        "/home/user2/y user2@example.com",
        "/home/user/z user@example.com",
    ]


def test_redacting_twice_changes_nothing_more():
    texts = (
        "ann@corp.io /home/ann bob@corp.io 91.12.45.200",
        "Author: Ann Lee <ann@corp.io>",
        "call +49 30 1234 5678",
        "DB_PASSWORD=kX8mP2qL",
    )
    once = clean(*texts)
    assert clean(*once) == once
