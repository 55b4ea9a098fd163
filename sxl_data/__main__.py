"""``python -m sxl_data`` is ``sxl-data``."""

from sxl_data.cli import main

if __name__ == "__main__":
    main()
