"""Benchmarks, one a file: what is asked, by which published protocol, how an answer is judged, and what may be said of
the share that holds (`statistics`, `score`).

A suite asks through `ask.Ask` and gives back `types.Outcome`s; it knows neither the model nor where samples are kept.
`registry` names them.
"""

from __future__ import annotations
