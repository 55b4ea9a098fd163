"""U: recipe, command line and files; B: findings about a build on disk live here too, as U3xx."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="U101", rule="unknown-recipe-key", level="error",
        title="The recipe has a key that does not exist",
        why="a misspelt key would be ignored and the default used without a word",
        fix="use the name suggested, or remove the key",
    ),
    Code(
        code="U102", rule="wrong-recipe-value", level="error",
        title="A recipe value has the wrong type or is out of range",
        why="the build would fail later, or do something else than was meant",
        fix="give a value of the expected kind",
    ),
    Code(
        code="U103", rule="recipe-unreadable", level="error",
        title="The recipe is not a YAML mapping that can be read",
        why="nothing can be built from it",
        fix="compare it with one of recipes/data/*.yaml",
    ),
    Code(
        code="U104", rule="recipe-not-found", level="error",
        title="No recipe of that name or path",
        why="nothing can be built without it",
        fix="give the path of a recipe file, or one of the names listed",
    ),
    Code(
        code="U105", rule="missing-recipe-key", level="error",
        title="A key that has no default is missing",
        why="its value cannot be guessed",
        fix="add the key",
    ),
    Code(
        code="U201", rule="file-not-found", level="error",
        title="A file or folder is not there",
        why="the build cannot read it",
        fix="check the path; relative paths start at the recipe's own folder",
    ),
    Code(
        code="U202", rule="unknown-format", level="error",
        title="The format of a file was not recognised",
        why="a wrong guess would turn the rows into something else",
        fix="name it with `format:` in the recipe or --format on the command line",
    ),
    Code(
        code="U203", rule="unreadable-line", level="error", stage="read",
        title="A line or record could not be decoded",
        why="its bytes are not what the format says",
        fix="look at it in quarantine/; the other lines were read",
    ),
    Code(
        code="U204", rule="unreadable-file", level="error", stage="read",
        title="A file could not be read to its end",
        why="it is damaged, cut off, or not what its name says",
        fix="fetch or export it again",
    ),
    Code(
        code="U205", rule="row-not-converted", level="error", stage="read",
        title="A row lacks what its adapter needs",
        why="no trace can be made from it without inventing something",
        fix="check `format:` and the names of the row's fields",
    ),
    Code(
        code="U206", rule="needs-network", level="error",
        title="A source must be fetched and no network answered",
        why="its `hub:` id is not in the local cache",
        fix="connect, or give the files with `path:`",
    ),
    Code(
        code="U207", rule="ambiguous-format", level="error",
        title="Several formats fit the file equally well",
        why="each would read it as something else",
        fix="name one with `format:` in the recipe or --format on the command line",
    ),
    Code(
        code="U208", rule="nothing-to-read", level="error",
        title="A source holds no row that can be read",
        why="an empty dataset is never what was meant",
        fix="check the path and the format",
    ),
    Code(
        code="U209", rule="nothing-in-document", level="note", stage="read",
        title="A document was read and holds nothing to make a trace of",
        why="for example a source file without a documented function",
        fix="nothing to do",
    ),
    Code(
        code="U210", rule="reader-failed", level="error", stage="read",
        title="The reader stumbled over a document",
        why="the document breaks an assumption of the reader; it is in quarantine/ and the build went on",
        fix="report it with the quarantined document",
    ),
    Code(
        code="U211", rule="document-kills-reader", level="error", stage="read",
        title="A document ended the process that read it, twice",
        why="a parser crashed or never came back on it; the other documents were read",
        fix="look at it in quarantine/; report it if it is a sound file",
    ),
    Code(
        code="U212", rule="row-kills-stage", level="error", stage="clean",
        title="A row ended the process that worked on it, twice",
        why="a parser crashed or never came back on it; the other rows went on",
        fix="look at the row in its source; report it if it is sound",
    ),
    Code(
        code="U301", rule="no-space", level="error",
        title="The disk is full",
        why="the output cannot be written",
        fix="free some space and run the same command again: finished parts are reused",
    ),
    Code(
        code="U302", rule="cannot-write", level="error",
        title="The output could not be written",
        why="the system refused it",
        fix="check the folder's permissions and the disk, then run the same command again",
    ),
    Code(
        code="U303", rule="output-locked", level="error",
        title="Another process is building into this folder",
        why="two builds in one folder would mix their files",
        fix="wait for it, or choose another output folder",
    ),
    Code(
        code="U304", rule="damaged-build", level="error",
        title="A file of the build is not the one its manifest names",
        why="it was changed or damaged after the build",
        fix="build again into the same folder: only damaged parts are made anew",
    ),
    Code(
        code="U305", rule="not-a-build", level="error",
        title="The folder holds no finished build",
        why="a dataset exists only once its manifest.json is written",
        fix="give the folder that `sxl-data build` wrote with -o",
    ),
    Code(
        code="U306", rule="not-ours", level="error",
        title="The output folder holds files that no build made",
        why="a build replaces what is in its folder",
        fix="choose an empty or new folder",
    ),
    Code(
        code="U307", rule="rank-out-of-range", level="error",
        title="The rank of a job in an array does not fit",
        why="each part of the work belongs to exactly one rank",
        fix="number the jobs from 0 to N - 1 and give all of them the same N",
    ),
    Code(
        code="U308", rule="code-changed", level="error",
        title="The package changed while the build was running, or differs between machines",
        why="parts made by different code must not be mixed",
        fix="install the same version everywhere and run the same command again",
    ),
    Code(
        code="U309", rule="task-fails", level="error",
        title="A part of the work killed every process that tried it",
        why="memory ran out, a parser crashed, or it took longer than engine.task_seconds without a sign of life",
        fix="give it more memory or fewer engine.workers, raise engine.task_seconds, then run the same command again",
    ),
    Code(
        code="U310", rule="store-not-installed", level="error",
        title="No installed package opens such an address",
        why="object stores are reached through fsspec, which has a package for each kind",
        fix="pip install 'sheikh-sxl[s3]' for s3://, gcsfs for gs://, adlfs for abfs://",
    ),
    Code(
        code="U311", rule="too-many-rows", level="error", stage="dedup",
        title="More rows than one build can number, or a worker divide",
        why="rows are numbers of 32 bits, and the task that divides them into splits holds 30 bytes of each",
        fix="raise engine.worker_bytes, or build the sources in two runs",
    ),
    Code(
        code="U401", rule="usage", level="error",
        title="The command line was not understood",
        why="nothing was done",
        fix="see --help",
    ),
    Code(
        code="U402", rule="missing-extra", level="error",
        title="An optional package is not installed",
        why="this command needs it and the base install leaves it out",
        fix="install the extra that is named",
    ),
    Code(
        code="U403", rule="no-sandbox", level="error",
        title="Programs of the data cannot be run safely on this machine",
        why="the ground stage runs code that nobody has read, and only inside a sandbox",
        fix="install bubblewrap, or leave `ground.tools` to `[calculator]`, which runs no program",
    ),
)  # fmt: skip
