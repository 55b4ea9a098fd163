"""Q8xx: sound traces that a mix may be better without; a recipe's `worth` says which."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
Q801 note prompt-is-an-object
    title  The prompt is a printed object
    why    nobody asks like that: a program wrote a record where its words should stand
    fix    read the field that holds the words; `worth.object_prompts: drop` leaves such rows out
    stage  clean
Q802 note answer-in-prompt
    title  The answer stands in the prompt
    why    the model learns to copy it, and is then asked without it
    fix    leave it out of the prompt; `worth.given_answers: drop` leaves such rows out
    stage  clean
Q803 note loop-without-answer
    title  The agent calls tools and never answers
    why    the model learns to stop after a result
    fix    add the answer if there was one; `worth.no_answer: drop` leaves such rows out
    stage  clean
Q804 note ends-in-error
    title  The trace ends in an error
    why    the model learns what led to it, and nothing that follows
    fix    nothing to do; `worth.ends_in_error: drop` leaves such rows out
    stage  clean
Q805 note task-failed
    title  The trace's own outcome says that the task failed
    why    the model learns to fail it
    fix    nothing to do; `worth.failures: drop` leaves such rows out
    stage  clean
Q806 note facts-given
    title  What an annotator knows stands before the agent's first act
    why    nobody who asks knows the facts that answer it, and the model is then asked without them
    fix    let them be reasoning (strategyqa: `options: {facts: reflect}`); `worth.given_facts: drop` drops such rows
    stage  clean
""")
