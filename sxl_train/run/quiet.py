"""Libraries that talk: telemetry off, their progress bars and known warnings silent, ours stay."""

from __future__ import annotations

import os
import warnings


def hush() -> None:
    """Call before transformers is imported for real work; `HF_HUB_OFFLINE` and the like are left alone."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")  # for bars that follow no library's switch, such as that of GGUF tensors
    # Idle threads of small matrices otherwise spin, and take the cores from whoever shares them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.filterwarnings("ignore", message=".*past_key_values.*is deprecated", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*", category=FutureWarning)
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    import logging as standard

    standard.getLogger("bitsandbytes").setLevel(standard.ERROR)
