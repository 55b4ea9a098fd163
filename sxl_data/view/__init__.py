"""A file of traces for the eye: one trace in a terminal or a page, rendered for training, a file in numbers."""
