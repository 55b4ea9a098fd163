"""Makes traces fit to learn from: repairs text, removes secrets, drops broken code and empty rows."""
