"""Programs of a shell set in the sandbox: for runs that a model, or somebody else, thought out.

    with programs.using(boxed):
        toolsets.check(trace)

The list of `programs` allows nothing that leaves the folder; here a hole in a program costs a box and no machine. Each
command has a box of its own, which gets the folder's files and gives them back, about a tenth of a second.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sxl_data.sandbox.limits import Limits
from sxl_data.sandbox.run import open_box
from sxl_data.toolsets.programs import OUTPUT, SECONDS, Done, environment
from sxl_data.toolsets.tools import ToolError

BACK = ".sxl-back.tar"
LIMITS = Limits(seconds=SECONDS, output=OUTPUT)


def boxed(arguments: Sequence[str], folder: Path) -> Done:
    """Run a program in a sandbox with the files of ``folder``, which afterwards holds what the box held.

    Raises `UserError` U403 where this machine has no sandbox, `ToolError` for a program that outran a limit.
    """
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    named = {name: value for name, value in environment(folder).items() if name.startswith("GIT_") or name == "LC_ALL"}
    named |= {"GIT_CEILING_DIRECTORIES": "/"}
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in named.items())
    script = (
        f"{exports}\nmkdir -p .git/objects .git/refs\n{shlex.join(arguments)} 2>&1\ncode=$?\n"
        f"tar -cf {BACK} --exclude=./{BACK} . || exit 125\nexit $code\n"
    )
    with open_box(files, LIMITS) as box:
        done = box.run(script, "bash")
        if done.status not in ("ok", "failed"):
            raise ToolError("stopped", f"ended: {done.status}")
        _replace(folder, files, box.read(BACK, LIMITS.scratch))
    # Where nothing is mounted over, programs see the box's own path, which is another one each time.
    return Done(done.exit_code or 0, done.stdout.replace(f"{box.folder}/work", "."))


def _replace(folder: Path, before: dict[str, bytes], data: bytes) -> None:
    """Make ``folder`` hold the plain files of the archive; links and names that lead out are left."""
    after: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if member.isfile() and not name.is_absolute() and ".." not in name.parts:
                file = archive.extractfile(member)
                after[str(name)] = file.read() if file else b""
    for gone in before.keys() - after.keys():
        (folder / gone).unlink()
    for there, content in after.items():
        if before.get(there) != content:
            path = folder / there
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # objects of git are read-only
            path.write_bytes(content)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and ".git" not in path.relative_to(folder).parts and not any(path.iterdir()):
            path.rmdir()
