"""U: recipe, command line and files; B: findings about a build on disk live here too, as U3xx."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
U101 error unknown-recipe-key
    title  The recipe has a key that does not exist
    why    a misspelt key would be ignored and the default used without a word
    fix    use the name suggested, or remove the key
U102 error wrong-recipe-value
    title  A recipe value has the wrong type or is out of range
    why    the build would fail later, or do something else than was meant
    fix    give a value of the expected kind
U103 error recipe-unreadable
    title  The recipe is not a YAML mapping that can be read
    why    nothing can be built from it
    fix    compare it with one of recipes/data/*.yaml
U104 error recipe-not-found
    title  No recipe of that name or path
    why    nothing can be built without it
    fix    give the path of a recipe file, or one of the names listed
U105 error missing-recipe-key
    title  A key that has no default is missing
    why    its value cannot be guessed
    fix    add the key
U201 error file-not-found
    title  A file or folder is not there
    why    it cannot be read
    fix    check the path; relative paths in a recipe start at the recipe's own folder
U202 error unknown-format
    title  The format of a file was not recognised
    why    a wrong guess would turn the rows into something else
    fix    name it with `format:` in the recipe or --format on the command line
U203 error unreadable-line
    title  A line or record could not be decoded
    stage  read
    why    its bytes are not what the format says
    fix    look at it in quarantine/; the other lines were read
U204 error unreadable-file
    title  A file could not be read to its end
    stage  read
    why    it is damaged, cut off, or not what its name says
    fix    fetch or export it again
U205 error row-not-converted
    title  A row lacks what its adapter needs
    stage  read
    why    builds before 0.2 say so; since then it is S211, as the validator has it
    fix    see `sxl-data explain S211`
U206 error needs-network
    title  A source must be fetched and no network answered
    why    its `hub:` id is not in the local cache
    fix    connect, or give the files with `path:`
U207 error ambiguous-format
    title  Several formats fit the file equally well
    why    each would read it as something else
    fix    name one with `format:` in the recipe or --format on the command line
U208 error nothing-to-read
    title  A source holds no row that can be read
    why    an empty dataset is never what was meant
    fix    check the path and the format
U209 note nothing-in-document
    title  A document was read and holds nothing to make a trace of
    stage  read
    why    for example a source file without a documented function
    fix    nothing to do
U210 error reader-failed
    title  The reader stumbled over a document
    stage  read
    why    the document breaks an assumption of the reader; it is in quarantine/ and the build went on
    fix    report it with the quarantined document
U211 error document-kills-reader
    title  A document ended the process that read it, twice
    stage  read
    why    a parser crashed or never came back on it; the other documents were read
    fix    look at it in quarantine/; report it if it is a sound file
U212 error row-kills-stage
    title  A row ended the process that worked on it, twice
    stage  clean
    why    a parser crashed or never came back on it; the other rows went on
    fix    look at the row in its source; report it if it is sound
U213 error no-row-left
    title  Every row of the build was left out
    why    a dataset without rows is never what was meant, and a script would go on with it
    fix    look at the stage and code that took the rows, and change the sources or that stage's keys
U214 error no-training-row
    title  The training split would be empty
    stage  split
    why    train has a share, and what is trained on the dataset finds nothing there
    fix    add rows, give `split.train` a larger share, or set it to 0 for a set that is never trained on
U215 error source-left-out
    title  A source could not be read, and the build went on without it
    stage  read
    why    `skip_unreadable` asks for what can be had; the manifest, the card and this line name what is missing
    fix    mend what its own code says and build again
U216 note files-passed-over
    title  Files of a source are not read
    stage  read
    why    the format that reads the source takes files of other kinds; what these hold is in no row
    fix    make them a source of their own with `include:` and `format:`, or leave them out with `exclude:`
U217 note entries-not-looked-into
    title  Links and folders of tools are not read
    stage  read
    why    a link may lead in a circle or out of the folder, and what tools put into a folder is nobody's data; what is
           behind them is in no row
    fix    name what is meant as a path of its own (a link's target, `node_modules` itself), or leave it out with
           `exclude:`
U301 error no-space
    title  The disk is full
    why    the output cannot be written
    fix    free some space and run the same command again: finished parts are reused
U302 error cannot-write
    title  The output could not be written
    why    the system refused it
    fix    check the folder's permissions and the disk, then run the same command again
U303 error output-locked
    title  Another process is building into this folder
    why    two builds in one folder would mix their files
    fix    wait for it, or choose another output folder
U304 error damaged-build
    title  A file of the build is not the one its manifest names
    why    it was changed or damaged after the build
    fix    build again into the same folder: only damaged parts are made anew
U305 error not-a-build
    title  The folder holds no finished build
    why    a dataset exists only once its manifest.json is written
    fix    give the folder that `sxl-data build` wrote with -o
U306 error not-ours
    title  The output folder holds files that no build made
    why    a build replaces what is in its folder
    fix    choose an empty or new folder
U307 error rank-out-of-range
    title  The rank of a job in an array does not fit
    why    each part of the work belongs to exactly one rank
    fix    number the jobs from 0 to N - 1 and give all of them the same N
U308 error code-changed
    title  The package changed while the build was running, or differs between machines
    why    parts made by different code must not be mixed
    fix    install the same version everywhere and run the same command again
U309 error task-fails
    title  A part of the work killed every process that tried it
    why    memory ran out, a parser crashed, or it took longer than engine.task_seconds without a sign of life
    fix    give it more memory or fewer engine.workers, raise engine.task_seconds, then run the same command again
U310 error store-not-installed
    title  No installed package opens such an address
    why    object stores are reached through fsspec, which has a package for each kind
    fix    pip install 'sheikh-sxl[s3]' for s3://, gcsfs for gs://, adlfs for abfs://
U311 error too-many-rows
    title  More rows than one build can number
    stage  dedup
    why    rows are numbers of 32 bits
    fix    build the sources in two runs
U312 error other-recipe
    title  The output folder holds the finished build of another recipe
    why    the dataset there would be replaced by this one
    fix    choose another output folder, or give --force to replace it
U313 error trains-on-a-test
    title  A source that its makers test with would be trained on
    why    a model is measured with it, and what it learnt by heart says nothing
    fix    leave the source out, or say what it is for: `use: held-out` puts it in test, `use: train` trains on it
U315 error out-of-memory
    title  The system gave no more memory
    why    the work needs more than this process may have
    fix    raise the limit (ulimit -v) or close other programs; or give less at once: fewer workers, --limit
U316 error system-refused
    title  The system refused to open, read or write something
    why    nothing can be done without it
    fix    check that it is what you meant, its permissions and the disk, then run the same command again
U317 error python-too-new
    title  This Python is newer than those that sxl was tried on
    why    its kernels are compiled for each Python, and nobody has run its tests on this one
    fix    use Python 3.13: python3.13 -m venv .venv, then install again
U401 error usage
    title  The command line was not understood
    why    nothing was done
    fix    see --help
U402 error missing-extra
    title  An optional package is not installed
    why    this command needs it and the base install leaves it out
    fix    install the extra that is named
U403 error no-sandbox
    title  Programs of the data cannot be run safely on this machine
    why    the ground stage runs code that nobody has read, and only inside a sandbox
    fix    install bubblewrap, or leave `ground.tools` to `[calculator]`, which runs no program
""")
