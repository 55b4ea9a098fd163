"""What every stage agrees on: codes, errors, configuration, columns, ledger, console. Imports no sibling."""
