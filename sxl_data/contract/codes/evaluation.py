"""Codes of evaluations: suites, their files, samples that are graded."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
T301 error suite-file-missing
    title  The file of a benchmark is not there
    why    benchmarks are read from files, so that nothing is fetched while something is measured
    fix    put the file anywhere below the folder of --data (of a recipe: evaluate.data)
T302 error suite-file-unreadable
    title  A file of a benchmark, or of samples, is not what it should be
    why    a row that is left out silently would change the score
    fix    fetch the file again from where it was published, or give another
T303 error unknown-suite
    title  There is no benchmark of this name
    why    nothing was measured
    fix    choose one of those named above
T304 error evaluation-of-other-things
    title  Two evaluations have nothing to compare
    why    models are compared on the same items, asked in the same way
    fix    run the same suites with the same options on both
T305 error suites-failed
    title  The benchmarks of the recipe did not run to their end
    why    the numbers that were asked for are not there
    fix    read the message above and run the same command again: answers that were generated are kept
""")
