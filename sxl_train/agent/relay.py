"""``python -I relay.py COMMAND …``: starts a server and hands its lines on, none longer than `LONGEST`.

It stands between a foreign program and the client that reads its lines whole: a server that writes without end is
stopped here, before anybody's memory is full. What it says beside them reaches the terminal as plain text, and not
without end. It imports nothing but the standard library.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import IO

LONGEST = 8_000_000
"""Bytes of one line."""
CHUNK = 65_536
ASIDE = 20_000
"""Bytes of the server's stderr that are shown."""


def main(command: list[str]) -> int:
    """Run ``command`` with this process's own stdin; returns its exit code, 1 where it was stopped."""
    try:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as problem:
        sys.stderr.write(f"{command[0]}: {problem.strerror}\n")
        return 127
    assert server.stdout is not None and server.stderr is not None
    threading.Thread(target=show, args=(server.stderr,), daemon=True).start()
    since = 0
    while chunk := server.stdout.read1(CHUNK):  # type: ignore[attr-defined]
        end = chunk.rfind(b"\n")
        longest = since + (chunk.find(b"\n") if end >= 0 else len(chunk))
        since = len(chunk) - end - 1 if end >= 0 else longest
        if longest > LONGEST:
            server.kill()
            sys.stderr.write(f"stopped: a line of more than {LONGEST:,} bytes\n")
            return 1
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return server.wait()


def show(stream: IO[bytes]) -> None:
    """The first of what the server says aside, without what could steer a terminal; the rest is read and dropped."""
    left = ASIDE
    while chunk := stream.read1(CHUNK):  # type: ignore[attr-defined]
        text = chunk[:left].decode("utf-8", "replace")
        left -= min(left, len(chunk))
        sys.stderr.write("".join(c if c.isprintable() or c == "\n" else "?" for c in text))
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
