"""Where tasks run and how their output is committed. Knows the contract and nothing of any stage."""
