"""One model in every storage format: real bytes, loss, load time and tokens per second on this processor.

The text whose loss is measured is given; loss is compared with the unquantised model on the same tokens.
transformers loads the folders, llama.cpp the GGUF files, each in a process of its own for the times.

    python benchmarks/compress/formats.py MODEL --text FILE [--json FILE] [--quick]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

FOLDERS, FILES, MADE_BY_LLAMA = (
    ("bf16", "f8", "nf4", "nf4_dq"),
    ("f16", "q8_0", "q5_0", "q4_0+q8_0", "q4_0"),
    ("Q6_K", "Q4_K_M"),
)


def measure(model: Path, text: str, windows: int, length: int, new_tokens: int, work: Path) -> list[dict[str, Any]]:
    """A row for each format; the first is the model as it is."""
    from sxl_train.data import samples
    from sxl_train.plan import step as plan
    from sxl_train.quantise import step as quantise
    from sxl_train.release import gguf_check, verify
    from sxl_train.run import checkpoints, size
    from sxl_train.run.tokenizer import open_tokenizer
    from sxl_train.storage import gguf

    tokenizer = open_tokenizer(model)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    cut = [ids[i * length : (i + 1) * length] for i in range(min(windows, len(ids) // length))]
    rows_of = [samples.Sample(row, [1] * length, 1) for row in cut]
    shape = plan.read_shape(checkpoints.read_config(model))
    forecasts = {
        p.format: p.total
        for p in plan.forecast_sizes(shape, plan.read_vocabulary(model), (*plan.SAFETENSORS, *plan.GGUF), 1)
    }
    rows: list[dict[str, Any]] = []
    for format in FOLDERS:
        started = time.monotonic()
        folder = model if format == "bf16" else quantise.quantise(model, work / format, format)
        seconds = time.monotonic() - started
        verdict = verify.verify_folder(folder, new_tokens)
        loss = samples.measure_loss(checkpoints.load(folder, "float32"), rows_of).per_token
        rows.append(
            {
                "format": format,
                "bytes": size.measure(folder).total,
                "predicted": forecasts[format],
                "loss": loss,
                "load_s": verdict.load_s,
                "tokens_per_s": verdict.tokens_per_s,
                "write_s": seconds,
            }
        )
    for format in FILES if gguf_check.is_available() else ():
        started = time.monotonic()
        path = gguf.write(model, work / f"{format}.gguf", format)
        rows.append(judge(path, format, cut, time.monotonic() - started, new_tokens) | {"predicted": forecasts[format]})
    for kind in MADE_BY_LLAMA if gguf_check.is_available() else ():
        started = time.monotonic()
        path = requantise(work / "f16.gguf", work / f"{kind}.gguf", kind)
        rows.append(judge(path, kind, cut, time.monotonic() - started, new_tokens))
    return rows


def requantise(source: Path, out: Path, kind: str) -> Path:
    """Let llama.cpp write ``source`` (an F16 GGUF) again as ``kind``: K-quants are its own work."""
    from llama_cpp import llama_cpp as library

    from sxl_train.generate.llama import silence

    silence(library)
    how = library.llama_model_quantize_default_params()
    how.ftype = getattr(library, f"LLAMA_FTYPE_MOSTLY_{kind.upper()}")
    if library.llama_model_quantize(str(source).encode(), str(out).encode(), how) != 0:
        raise RuntimeError(f"llama.cpp could not write {kind}")
    return out


def judge(path: Path, format: str, cut: list[list[int]], seconds: float, new_tokens: int) -> dict[str, Any]:
    from sxl_train.release import gguf_check

    found = gguf_check.check(path, "def add(first, second):\n", new_tokens, cut, [[1] * len(row) for row in cut])
    return {
        "format": format,
        "bytes": path.stat().st_size,
        "loss": found["loss"],
        "load_s": found["load_s"],
        "tokens_per_s": found["tokens_per_s"],
        "write_s": seconds,
    }


def main() -> int:
    parser = harness.options(__doc__, "few tokens")
    parser.add_argument("model", type=Path)
    parser.add_argument("--text", type=Path, required=True)
    options = parser.parse_args()
    text = options.text.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as work:
        rows = measure(options.model, text, 4 if options.quick else 16, 256, 16 if options.quick else 64, Path(work))
    from sxl_data.contract.console import format_table

    whole = rows[0]
    print(
        format_table(
            ("format", "MB", "forecast off", "loss", "rise", "load s", "tokens/s", "write s"),
            [
                (
                    r["format"],
                    f"{r['bytes'] / 1e6:.2f}",
                    f"{r['predicted'] / r['bytes'] - 1:+.3%}" if "predicted" in r else "",
                    f"{r['loss']:.4f}",
                    f"{r['loss'] / whole['loss'] - 1:+.2%}",
                    f"{r['load_s']:.2f}",
                    f"{r['tokens_per_s']:.1f}",
                    f"{r['write_s']:.1f}",
                )
                for r in rows
            ],
        )
    )
    claims = [
        harness.claim(f"{r['format']} costs at most 2 % in loss", 0.02, r["loss"] / whole["loss"] - 1, at_most=True)
        for r in rows[1:]
    ]
    metrics = {f"{r['format']} {key}": r[key] for r in rows for key in r if key != "format"}
    harness.finish(options.json, metrics, claims, harness.versions(("gguf", "bitsandbytes", "compressed-tensors")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
