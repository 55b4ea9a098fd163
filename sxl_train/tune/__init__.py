"""Fine-tuning by TRL: the step, the trainer and its speed-ups. Start at `step`."""
