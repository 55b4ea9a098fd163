"""U5xx: a finished build on its way to the Hub."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
U501 error beyond-viewer
    title  The Hub's viewer would not show the file
    why    it reads a row group at once: groups above 286 MB of Arrow and rows near 2 MB fail there
    fix    build again with this version, which writes smaller groups; take rows of that size out with --exclude
U502 error card-disagrees
    title  The card, the manifest and the files do not say the same
    why    `datasets` refuses a file that is not what `dataset_info` says of it, and the Hub shows wrong numbers
    fix    build again into the same folder
U503 error visible-already
    title  The repository on the Hub is public
    why    what is sent there is seen at once, and nobody said that it may be
    fix    give --public, or the id of another repository
U504 error hub-refused
    title  The Hub did not take the dataset
    why    it appears there in one commit or not at all, and what comes after that, its tag, is not there yet
    fix    run the same command again: files that arrived are not sent again
U505 error hub-moved
    title  Somebody else changed the repository at the same time
    why    one commit would undo the other without a word
    fix    look at the repository's last commits, then run the same command again
U506 error hub-token
    title  The Hub does not know the token, or the token may not write there
    why    it has expired, is missing, or is for reading only
    fix    `hf auth login`, or set HF_TOKEN to a token that may write to this repository; then run the command again
U507 error id-to-exclude-unknown
    title  A row to take down is not in the build
    why    a misspelt id would leave the row where it is
    fix    check the id; `sxl-data why ID BUILD` says where a row is
U508 error croissant-invalid
    title  mlcroissant finds fault with the dataset's description
    why    tools that read Croissant would not find the data
    fix    report it with what is said
U509 error repository-not-ours
    title  The repository on the Hub holds files that no publication made
    why    a publication replaces what is in `data/`, and a takedown rewrites the history
    fix    give the id of another repository, or of a new one
""")
