"""How a step is run, checked, reused and watched."""
