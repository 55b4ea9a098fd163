"""Bytes → records, whatever the file is: JSON, CSV, Parquet, YAML, archives. Knows no trace."""
