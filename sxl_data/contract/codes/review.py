"""Codes of reviews: rounds, rubrics, votes, and what is asked of them."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
H701 error round-damaged
    title  The folder holds no round of review, or its files do not belong together
    why    votes are about texts and questions; changed ones would be judged by nobody
    fix    give the folder that `sxl-data review sample` wrote, as it wrote it
H702 error votes-unreadable
    title  A file of votes is not what the sheet saves
    why    a vote that is guessed at is nobody's
    fix    save the votes on the sheet again, or write the form that `sxl-data review import --help` shows
H703 error votes-of-another-sample
    title  The votes were given on another sample
    why    the same number of an item means another text there
    fix    import them into the round whose sheet they were given on
H704 error item-not-of-the-build
    title  A judged item is not in the build, or its text is another one there
    why    the votes would be shown as being about this build
    fix    name the build or file that the sample was drawn from; draw anew from one that has changed
H705 error rater-unnamed
    title  Nobody is named as the rater, or not whether a person or a model rated
    why    what a model thinks must never pass as what a person thinks
    fix    fill in name and kind (person or model) on the sheet, or `rater` in the file
H706 error vote-on-nothing
    title  A vote is about an item, question or answer that the sample does not have
    why    it would be lost without a word
    fix    answer the questions of the sheet, each with one of its answers or cannot_judge
H707 error nothing-to-compare
    title  There are not two raters of one kind with items in common
    why    agreement needs two who judged the same; persons and models are never counted together
    fix    import the votes of another rater of that kind
H708 error nothing-to-review
    title  There is nothing that a sample can be drawn from
    why    no trace was readable, or the two files have no answers to the same request that differ
    fix    look at the file with `sxl-data stats`; for A/B give two samples.parquet of the same suites
H709 error wrong-rubric
    title  The rubric does not say what can be answered
    why    answers that are told apart by nothing cannot be compared
    fix    compare it with the rubric.yaml that every round holds
H710 error rater-known
    title  A rater of this name has other votes in this round
    why    votes would be replaced without a word, or two raters be taken for one
    fix    give the other rater another name; with --replace the new votes take the place of the old
H711 error wrong-adjudication
    title  A decision is not one that can be taken
    why    persons' disagreements are decided by a named person, with one of the question's answers
    fix    fill in `decision` and `adjudicator` in the file that `review agree` wrote, and change nothing else
H712 error ratings-missing
    title  The round has no ratings that were compared
    why    a card says how far raters agree, and whether persons or models rated
    fix    run `sxl-data review agree ROUND` first
""")
