"""The command `share`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sxl_data.contract.arguments import whole

_STEPS = """from the first to the last step:
  sxl-data share                                     lists the sessions of the known agents on this machine
  sxl-data share ~/.claude/projects/-my-app --last 5 -o mine     redacts them; open mine/review.html and look
  sxl-data share --decisions decisions-1a2b3c4d.json -o mine --licence CC-BY-4.0     what the page saved
  hf upload me/sessions mine/dataset --repo-type dataset --private

Nothing is sent by this command. Secrets, names, home folders, addresses, pictures and encrypted reasoning are taken
out; mine/dataset is written only when no scan finds anything that was not answered on the page. Needs the extra
`secrets`.

known agents and where they are looked for:
"""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the command."""
    from sxl_data.share.agents import AGENTS

    shown = {"{code}": "<storage of VS Code's extensions>", "{data}": "~/.local/share"}
    places = [next((root for root in agent.roots if root[0] != "$"), "") for agent in AGENTS]
    for sign, words in shown.items():
        places = [place.replace(sign, words) for place in places]
    known = "\n".join(f"  {agent.name:<12} {agent.title:<30} {place}" for agent, place in zip(AGENTS, places))
    sub = command(
        "share", _share, "Share your own agents' sessions: redacted, looked at by you, checked twice.", _STEPS + known
    )
    sub.add_argument("folders", nargs="*", metavar="FOLDER", help="folders or files of sessions (the known places)")
    sub.add_argument("-o", "--out", metavar="FOLDER", help="new folder for the review page, and later the dataset")
    sub.add_argument("--decisions", metavar="FILE", help="what the review page of that folder saved")
    sub.add_argument(
        "--agent", action="append", default=[], metavar="NAME", help="only sessions of this agent; may be repeated"
    )
    sub.add_argument(
        "--since", type=_moment, default=0.0, metavar="DATE", help="only sessions changed since 2026-01-31"
    )
    sub.add_argument("--last", type=whole(1), metavar="N", help="only the N that changed last")
    sub.add_argument("--licence", default="", metavar="SPDX", help="licence under which you share, such as CC-BY-4.0")


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        today = time.strftime("%Y-%m-%d")
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no date such as {today}") from None


def _share(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, point, say, tell, terminal_width, word
    from sxl_data.share.command import share

    done = share(
        options.folders,
        options.out,
        decisions=options.decisions,
        agents=options.agent,
        since=options.since,
        last=options.last,
        licence=options.licence,
    )
    tell(fit(done.text(), terminal_width()))
    if done.dataset:
        if not options.licence:
            say("no licence is stated: nobody may use them until you say under which (--licence CC-BY-4.0)")
        point(f"hf upload OWNER/NAME {word(done.dataset)} --repo-type dataset --private")
    elif done.share is not None:
        point(
            f"open {done.page} in a browser, save the decisions, then "
            f"sxl-data share --decisions FILE -o {word(options.out)} --licence SPDX"
        )
    else:
        folder = options.folders[0] if options.folders else "FOLDER"
        point(f"sxl-data share {word(folder)} --last 5 -o mine")
    return 0
