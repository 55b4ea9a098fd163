"""How a model gets under the size limit, from ``config.json`` and the tokenizer alone. Start at `step`."""
