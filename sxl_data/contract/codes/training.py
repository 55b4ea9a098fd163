"""T: training preflight and gates."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="T101", rule="base-model-missing", level="error",
        title="The base model is not there",
        why="nothing can be tuned without it",
        fix="give a local folder with config.json and weights, a hub id, or base_model=demo for the toy",
    ),
    Code(
        code="T102", rule="dataset-missing", level="error",
        title="The training dataset is not there, or holds no conversations",
        why="nothing can be learned from it",
        fix="build one: sxl-data build recipes/data/demo.yaml -o build/data/demo, then dataset=build/data/demo",
    ),
    Code(
        code="T103", rule="stop-token-not-trained", level="error",
        title="The stop token gets no loss",
        why="the model would never learn to end its turn; the training loss looks healthy all the same",
        fix="use tune.template=sxl, or move the end-of-turn token inside {% generation %} … {% endgeneration %}",
    ),
    Code(
        code="T104", rule="empty-mask", level="error",
        title="No token of a row would be trained",
        why="the row costs time and teaches nothing; when all rows are so, nothing is learned",
        fix="check that rows have assistant messages and that they fit tune.max_length",
    ),
    Code(
        code="T105", rule="template-drops-content", level="error",
        title="The chat template leaves out reasoning, calls or results",
        why="the model would be trained on conversations with holes",
        fix="use tune.template=sxl, or tune.split_on_user=always where only earlier reasoning is erased",
    ),
    Code(
        code="T106", rule="rows-too-long", level="warning",
        title="Rows are longer than tune.max_length",
        why="they are cut at a loop's border, and what lies behind it is not trained",
        fix="raise tune.max_length, or use tune.long=window",
    ),
    Code(
        code="T107", rule="no-disk-space", level="error",
        title="The disk has too little space",
        why="a run would stop in the middle",
        fix="free some space or choose another out=; finished steps are reused",
    ),
    Code(
        code="T108", rule="template-unusable", level="error",
        title="The chat template raises, or rewrites earlier turns",
        why="the trained tokens cannot be found in its text",
        fix="use tune.template=sxl",
    ),
    Code(
        code="T109", rule="unsupported-shape", level="error",
        title="The model's shape does not fit the method",
        why="NF4 on a CPU wants in_features % 64 == 0 and out_features % 32 == 0",
        fix="use method=lora, or another base",
    ),
    Code(
        code="T110", rule="bad-conversation", level="error",
        title="A row's messages cannot be trained on",
        why="the template would render something else than was meant",
        fix="run sxl-data validate --profile train on the file",
    ),
    Code(
        code="T111", rule="does-not-fit-memory", level="error",
        title="The run is forecast to need more memory than there is",
        why="it would be ended by the system after minutes or hours",
        fix="use a smaller tune.batch or tune.max_length, tune.checkpointing=true, tune.shard=true with several "
            "processes, or method=qlora",
    ),
    Code(
        code="T112", rule="training-diverged", level="error",
        title="The loss is not a number any more",
        why="every later step would only spread it",
        fix="lower tune.lr; the last checkpoint is kept",
    ),
    Code(
        code="T113", rule="keys-contradict", level="error",
        title="Keys of the recipe cannot be had together",
        why="one of them would silently do nothing",
        fix="change one of the keys named above",
    ),
    Code(
        code="T114", rule="tracker-missing", level="error",
        title="The chosen experiment tracker is not installed",
        why="the run would stop when its first number is sent",
        fix="install it, or use tune.report_to=none: the log is always in log.jsonl",
    ),
    Code(
        code="T201", rule="over-size-limit", level="error",
        title="The package is larger than size_limit",
        why="it would not fit where it is meant to run",
        fix="let the plan prune (add prune to steps), or quantise, or choose a smaller base",
    ),
    Code(
        code="T202", rule="reload-failed", level="error",
        title="The packaged folder does not load, or generates nothing",
        why="nobody else could use it either",
        fix="read the message below; the steps before it are intact",
    ),
)  # fmt: skip
