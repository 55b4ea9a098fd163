"""A tuned model and the plan → a smaller dense model. Start at `step`."""
