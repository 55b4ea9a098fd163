"""What a model wrote, in; the program or the calls that it meant, out.

`extraction` takes programs out of talk by the rules of each benchmark, `markup` knows the ways in which templates
write calls, `tool_calls` reads them as generated or after stated repairs, `calls` compares them with those wanted,
`turns` makes a message of an answer.
"""

from __future__ import annotations
