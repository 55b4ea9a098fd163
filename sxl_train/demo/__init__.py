"""The demonstration: a small model before and after a few minutes of tuning, and an agent that uses it."""
