"""The one way in which a tokenizer is opened.

In: a folder or a hub id. Out: its fast tokenizer. `tokenizer.json` is what its maker published, pre-tokeniser, added
tokens and all, and is opened as it stands: `AutoTokenizer` goes by the class that `tokenizer_config.json` names and
rebuilds the pre-tokeniser of some architectures from the published one, so that a file that was trimmed or extended
would be read otherwise than it was written. The configuration beside it gives special tokens and the chat template.
Only where there is no such file (`vocab.json` and `merges.txt`, SentencePiece, GGUF) `AutoTokenizer` makes one.

Code that a configuration names (`auto_map`) is never run, and nobody is asked whether it may be.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from sxl_train.run import hub
from sxl_train.run.checkpoints import find_gguf, opening

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FILES = ("*.json", "*.jinja", "*.txt", "*.model")
"""What of a repository on the hub a tokenizer may be made of."""


def open_tokenizer(place: Path | str, revision: str = "main") -> PreTrainedTokenizerFast:
    """The tokenizer of a folder or hub id. Raises `UserError` T101."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    folder = Path(place)
    if not folder.exists():
        hub.require_id(str(place))
        folder = hub.fetch(str(place), FILES, revision=revision)
    with opening(place):
        if (folder / "tokenizer.json").is_file():
            return PreTrainedTokenizerFast.from_pretrained(str(folder))
        made = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, **find_gguf(folder))
        return cast("PreTrainedTokenizerFast", made)
