"""Codes of sharing one's own sessions."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
H721 error nothing-to-share
    title  No session of a known agent was found
    why    only files of agents that are known can be redacted record by record
    fix    name the folder in which your agent keeps its sessions; `sxl-data share --help` lists the known places
H722 error too-much-to-look-at
    title  There are more sessions than a person can look at in one page
    why    what nobody looked at is not shared
    fix    choose with --since, --agent or --last, or name one project's folder
H723 error share-damaged
    title  The folder holds no prepared sessions, or they were changed
    why    what is published must be what was looked at
    fix    prepare them again into a new folder with `sxl-data share … -o FOLDER`
H724 error decisions-unreadable
    title  A file of decisions is not what the page saves
    why    a decision that is guessed at is nobody's
    fix    save the decisions on the page again
H725 error decisions-of-another-share
    title  The decisions were made about other sessions
    why    the same number means another turn there
    fix    give the decisions that were saved on the review.html of this folder
H726 error doubt-open
    title  The second scan finds what may be a secret, and nobody said that it is none
    why    what is on the Hub has been copied before it can be taken back
    fix    open review.html: say that it is no secret, take the word out, or drop the turn; then save again
H727 error secret-left
    title  A secret or a person's name is in what was written, so it was removed again
    why    it was to be taken out, and was not
    fix    drop the turn it stands in on review.html, and please report what it looks like, not what it is
""")
