"""A bf16 model folder → fewer bits: safetensors that plain transformers loads, or GGUF. Start at `step`."""
