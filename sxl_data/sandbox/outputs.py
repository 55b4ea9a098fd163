"""The two outputs of a run, taken in while it goes on.

In: the reading ends of two pipes. Out: the first characters of each. What is beyond the limit is read and thrown away,
so that a program that talks too much does not wait for ever; one that talks beyond the limit of a file is ended.
"""

from __future__ import annotations

import os
import select
import socket
import time
from typing import Any

from sxl_data.sandbox import service
from sxl_data.sandbox.launcher import ENOUGH
from sxl_data.sandbox.limits import Limits

_BYTES_PER_CHARACTER = 4


class Outputs:
    """Standard output (0) and standard error (1) of one run."""

    def __init__(self, ends: list[int], limits: Limits) -> None:
        self.ends, self.limits = ends, limits
        self.kept = [bytearray() for _ in ends]
        self.counts = [0 for _ in ends]
        for end in ends:
            os.set_blocking(end, False)

    def until_answered(self, channel: socket.socket, seconds: float) -> dict[str, Any] | None:
        """Take in what comes until the launcher has answered; None where it does not within ``seconds``."""
        until, told = time.monotonic() + seconds, False
        poll = select.poll()
        for fd in (*self.ends, channel.fileno()):
            poll.register(fd, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            for fd, _ in poll.poll(1000 * left):
                if fd == channel.fileno():
                    answer, fds = service.receive(channel)
                    for extra in fds:
                        os.close(extra)
                    while any([self._take(place) for place in range(len(self.ends))]):  # all writers have ended
                        pass
                    return answer
                if not self._take(self.ends.index(fd)):
                    poll.unregister(fd)
            if not told and max(self.counts) > self.limits.file:
                told = True
                channel.send(ENOUGH)
        return None

    def _take(self, place: int) -> bool:
        """Take in what there is; whether more can come at once."""
        try:
            data = os.read(self.ends[place], 1 << 16)
        except BlockingIOError:
            return False
        room = _BYTES_PER_CHARACTER * self.limits.output + 1 - len(self.kept[place])
        self.kept[place] += data[: max(0, room)]
        self.counts[place] += len(data)
        return bool(data) and self.counts[place] <= 2 * self.limits.file + (1 << 20)

    def text(self, place: int) -> str:
        return self.kept[place].decode("utf-8", "replace")[: self.limits.output]

    def truncated(self) -> bool:
        return any(len(held.decode("utf-8", "replace")) > self.limits.output for held in self.kept)

    def close(self) -> None:
        for end in self.ends:
            os.close(end)
