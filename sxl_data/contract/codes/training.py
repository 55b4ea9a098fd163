"""T: training preflight and gates."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
T101 error base-model-missing
    title  The base model is not there
    why    nothing can be tuned without it
    fix    give a local folder with config.json and weights, a hub id, or base_model=demo for the toy
T102 error dataset-missing
    title  The training dataset is not there, or holds no conversations
    why    nothing can be learned from it
    fix    build one: sxl-data build demo -o build/data/demo, then dataset=build/data/demo
T103 error stop-token-not-trained
    title  The stop token gets no loss
    why    the model would never learn to end its turn; the training loss looks healthy all the same
    fix    use tune.template=sxl, or move the end-of-turn token inside {% generation %} … {% endgeneration %}
T104 error empty-mask
    title  No token of a row would be trained
    why    the row costs time and teaches nothing; when all rows are so, nothing is learned
    fix    check that rows have assistant messages and that they fit tune.max_length
T105 error template-drops-content
    title  The chat template leaves out reasoning, calls or results
    why    the model would be trained on conversations with holes
    fix    use tune.template=sxl, or tune.split_on_user=always where only earlier reasoning is erased
T106 warning rows-too-long
    title  Rows are longer than tune.max_length
    why    they are cut at a loop's border, and what lies behind it is not trained
    fix    raise tune.max_length, or use tune.long=window
T107 error no-disk-space
    title  The disk has too little space
    why    a run would stop in the middle
    fix    free some space or choose another out=; finished steps are reused
T108 error template-unusable
    title  The chat template raises, or rewrites earlier turns
    why    the trained tokens cannot be found in its text
    fix    use tune.template=sxl
T109 error unsupported-shape
    title  The model's shape does not fit the method
    why    NF4 on a CPU wants in_features % 64 == 0 and out_features % 32 == 0
    fix    use method=lora, or another base
T110 error bad-conversation
    title  A row's messages cannot be trained on
    why    the template would render something else than was meant
    fix    run sxl-data validate --profile train on the file
T111 error does-not-fit-memory
    title  The run is forecast to need more memory than there is
    why    it would be ended by the system after minutes or hours
    fix    use a smaller tune.batch or tune.max_length, tune.checkpointing=true, tune.shard=true with several
           processes, or method=qlora
T112 error training-diverged
    title  The loss is not a number any more
    why    every later step would only spread it
    fix    lower tune.lr; the last checkpoint is kept
T113 error keys-contradict
    title  Keys of the recipe cannot be had together
    why    one of them would silently do nothing
    fix    change one of the keys named above
T114 error tracker-missing
    title  The chosen experiment tracker is not installed
    why    the run would stop when its first number is sent
    fix    install it, or use tune.report_to=none: the log is always in log.jsonl
T115 error step-not-divisible
    title  A run cannot go on with this number of processes
    why    each process takes the same share of a step's sequences; with another number the steps would be others and
           the losses with them
    fix    start one of the numbers of processes named above, or give another out= to begin anew
T116 warning prompt-not-trained
    title  Trained turns do not go on from the prompt that inference gives
    why    the template opens a turn with text, such as <think>, that these turns lack: what is trained is not what the
           model will be asked to continue
    fix    use tune.template=sxl, or keep the reasoning of the rows, or leave rows without it out
T201 error over-size-limit
    title  The package is larger than size_limit
    why    it would not fit where it is meant to run
    fix    let the plan prune (add prune to steps), or quantise, or choose a smaller base
T202 error reload-failed
    title  The packaged folder does not load, or generates nothing
    why    nobody else could use it either
    fix    read the message below; the steps before it are intact
T121 error server-missing
    title  No server answers at this address
    why    the model is asked over HTTP, in the interface of OpenAI
    fix    start it, check address and port (they end with /v1 for most), and OPENAI_API_KEY where it wants a key
T122 error cannot-be-constrained
    title  Answers cannot be held to a grammar here
    why    a grammar is made from the way the model's template writes a call, and applied to its next tokens
    fix    generate without constraint, or use a model folder or GGUF file whose template writes calls as JSON
T123 error no-likelihoods
    title  The server gives no likelihoods of a text
    why    multiple choice is scored by the likelihood of each answer
    fix    use a server that echoes prompts with logprobs, or the weights themselves
T502 error size-limit-unreachable
    title  No plan brings this model under the size limit
    why    a model that loses more than half of its layers' weights does not recover by distillation
    fix    use the model as the teacher of a smaller one, or raise size_limit
T503 error unsupported-architecture
    title  The model's architecture cannot be planned, pruned or written
    why    only decoders of the Llama, Mistral, Qwen2, Qwen3 and Gemma 3 kind have the tensors that are cut here
    fix    choose a base model of one of those kinds, or leave this step out of `steps`
T505 error vocabularies-differ
    title  Student and teacher number their tokens differently
    why    distillation compares probabilities of the same token, so both need one vocabulary
    fix    trim both alike, or choose a teacher of the same family
T506 error not-an-adapter
    title  The folder holds no LoRA adapter
    why    merging needs adapter_config.json and its weights
    fix    give the folder that the tune step wrote, or leave out merge after full fine-tuning
T507 error tokenizer-not-trimmable
    title  The tokenizer's vocabulary cannot be trimmed
    why    only BPE over bytes, or with bytes to fall back on, keeps every string encodable when tokens are removed
    fix    leave the vocabulary as it is (prune.vocabulary: false)
""")
