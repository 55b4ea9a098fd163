"""Source rows and source files, a file each, as traces."""
