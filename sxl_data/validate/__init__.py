"""Checks anyone's traces in the format they have.

`validate` is the command, `submission` a file as traces, `locate` puts faults at the submitter's own place,
`reporters` say what was found.
"""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.validate.validate", "validate")
