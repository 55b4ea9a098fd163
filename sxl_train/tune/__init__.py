"""Fine-tuning by TRL: the step, the trainer and what is ours in it. Start at `step`.

The plain thing: SFTTrainer, compiled layers, TRL's chunked loss and attention inside documents (`trl-documents-layers`
of ``benchmarks/train/gpu.py``). A piece of ours stays where it wins 1.1 × in speed or 1.2 × in memory over that or over
its plain twin, or can what the libraries (transformers 5.24, TRL 1.16, peft 0.21, accelerate 1.15) cannot. One H200,
2,048 tokens × 8, random weights, 11 timed steps of one run, unless another source is named.

========================  ====================================================================  =======================
kept                      why                                                                   plain twin
========================  ====================================================================  =======================
`attention`               documents apart without a mask of L × L: 4.3 × TRL's default for      ``fast=false``
                          packed rows (README); a CPU has no variable-length kernel
`graphs`                  1.61 × (SmolLM2-135M, full)                                           ``plain=[graphs]``
`cross_entropy`           1.06 × (0.5B, full: 127,726 and 120,491 tokens/s), 1.07 (LoRA), 1.04  ``plain=[loss]``
                          (135M, full): less than 1.1, and what 1.3 × TRL's best lacked
`optimiser`               19.2 instead of 26.5 GB (0.5B, full; two runs)                        ``plain=[weights]``
compiled layers           one graph serves all: ready in 17 s, whole models 89 s                ``compile=never``
`nf4.keep`                NF4 rounded once; no GPU figure of its own yet                        ``dequantise=each``
`loss`                    weights of phases, which SFTTrainer has not (a CPU: torch's own)      ``fast=false``
`data.collate`            borders, weights and places in fixed shapes; transformers' collator   ``compile=never``
                          with flattening has borders in shapes that change                     (shapes change)
`data.packing.pack`       TRL's method in 22 lines: a dry run counts sequences without TRL
`batch`                   accelerate's search takes a tenth off, and each size is compiled      ``batch=N``
`TraceTrainer.evaluate`   loss per token; Trainer's is the mean of batches' means
`sharding`, `stride`      one form of checkpoint for any number of processes; accelerate's      ``shard=false``
                          shards want as many as wrote them
`merge`                   peft merges; ours chooses between two bases after QLoRA
`run.interrupt`           Ctrl-C too, and distillation; transformers' callback hears SIGTERM
`run.log`, `run.panel`    log.jsonl that goes on after a kill, MFU; TRL's panel writes to
                          stdout
`run.gguf_*`              hostile files; SmolLM2's tokenizer in 0.2 instead of 3.5 CPU s;
                          transformers' reader joins digits that ``smollm`` parts, refuses a
                          Qwen3 and misreads a Gemma 3 whose heads have a size of their own
`data.vocabulary`         keeps any set of tokens; ``resize_token_embeddings`` cuts at the end
`data.dataset`            plain rows in 0.17 of the time of the validator's readers (4,047 rows:
                          0.13 and 0.75 CPU s), which read all other formats
`recovery.loop`           transformers' Trainer would wait for all processes of torchrun where one
                          distils; its schedules are a step ahead (toy, 6 steps: 6.800, ours 6.777)
`plan`, `prune`           no library counts files from a configuration, or cuts and stays loadable
`storage.blocks`, `gguf`  scales fitted to samples; the package gguf rounds by the largest weight
========================  ====================================================================  =======================

========================  ===========================================================================================
replaced                  by, and what ours had gained
========================  ===========================================================================================
cross-entropy on a CPU    torch's own: 0.6 to 0.8 × the time of chunks
LoRA as one multiply-add  peft's layer: 0.99 × (126,091 and 127,848); on a CPU a step took 1.03 × as long when it went,
                          other changes of the same commit included (12 pairs, 0.97 to 1.08)
trained rows looked up    peft's layer, which copies the table, with its places kept on the GPU (`fast.keep_places`):
                          by count of operations ours saved 5 to 8 % (not measured alone); on a CPU the head still
                          makes the gradient of those rows alone
batch by two probes       halving: the largest of 64, 32, … that runs
parameters by formula     transformers' model on the meta device
rounded weights while     nothing: the loss of the stored file was the same or higher (31 M, 12 MB: .4909 with,
distilling                .4899 without, test split, one H200)
temperature, on-policy    nothing: never measured to gain; TRL's `DistillationTrainer` takes the step's folder
units kept gathered       nothing: never measured (`sharding`)
types of a decoder        transformers' Llama classes, and what they leave open
NF4 expanded for GGUF     `PreTrainedModel.dequantize`; names of classes: transformers' own table
float8 in a pass apart    the pass that writes int4 (`storage.packed`)
target where the teacher  the token itself as a distribution: the same sum, gradients equal
is silent
========================  ===========================================================================================
"""
