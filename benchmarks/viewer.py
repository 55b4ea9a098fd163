"""How smoothly the viewer goes through many rows: frames while its list is scrolled, first paint, memory, answers.

    python benchmarks/viewer.py                       100,000 rows, made of the demo's small sources
    python benchmarks/viewer.py --build out           a build at hand, as it is

A headless Chromium opens what `sxl-data serve` prints and scrolls the list as a wheel does, a notch every frame, then
goes on with the key j. Frames are the gaps between animation frames while it moves: the median over rounds of a round's
p95, beside that of a plain list that is scrolled in turn with it. Needs the extra `browser`, and a
Chromium on the PATH. Its figures are of a machine without a display: Chromium draws on the processor, so that whatever
else runs there takes frames away; the load is reported beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent))
import harness
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.build.questions import open_build, shards
from sxl_data.pipeline import build
from sxl_data.write.manifest import encode

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCROLL = """
([seconds, notch]) => new Promise(done => {
  const list = document.getElementById("list"), gaps = [], from = performance.now();
  let last = 0, way = 1;
  const step = now => {
    if (last) gaps.push(now - last);
    last = now;
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) way = -1; else if (list.scrollTop <= 0) way = 1;
    list.scrollTop += way * notch;
    if (now - from < seconds * 1000) requestAnimationFrame(step); else done(gaps);
  };
  requestAnimationFrame(step);
})
"""
PLAIN = "<style>#list{height:700px;overflow:auto}p{height:3em}</style><div id=list>" + "<p>A row.</p>" * 3000 + "</div>"
"""A list that does nothing, as a measure of the machine."""
ROUNDS = 5


def enlarge(folder: Path, out: Path, rows: int) -> None:
    """A finished build in ``out`` of ``rows`` rows: those of the one in ``folder`` again and again, with ids of their
    own."""
    manifest = open_build(folder)
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns(".work", "data", "arrow"))
    names = [name for name, _ in shards(manifest)]
    (name,) = [name for name in names if "train" in name]
    table = pq.read_table(folder / name)
    path, made = out / name, 0
    path.parent.mkdir()
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        while made < rows:
            part = table.slice(0, min(len(table), rows - made))
            ids = pa.array([f"{text}-{made + n}" for n, text in enumerate(part["trace_id"].to_pylist())])
            writer.write_table(part.set_column(part.schema.get_field_index("trace_id"), "trace_id", ids))
            made += len(part)
    manifest.files = {key: value for key, value in manifest.files.items() if not key.startswith(("data/", "arrow/"))}
    manifest.files[name] = {"rows": rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (out / "manifest.json").write_bytes(encode(manifest))


def visit(page: Any, other: Any, address: str, seconds: float) -> dict[str, Any]:
    """What one visit measured."""
    started = time.monotonic()
    page.goto(address)
    page.wait_for_selector(".row b:not(:empty)")
    found: dict[str, Any] = {"first_rows_ms": 1000 * (time.monotonic() - started)}
    page.wait_for_timeout(1000)
    found["rows"] = page.locator("#said").inner_text()
    gaps: dict[str, list[list[float]]] = {name: [] for name in ("plain", "wheel", "flight")}
    for _ in range(ROUNDS):
        gaps["plain"].append(other.evaluate(SCROLL, [seconds, 100]))
        page.bring_to_front()
        gaps["wheel"].append(page.evaluate(SCROLL, [seconds, 100]))
        gaps["flight"].append(page.evaluate(SCROLL, [seconds, 4000]))
        other.bring_to_front()
    page.bring_to_front()
    for name, rounds in gaps.items():
        p95 = [float(np.percentile(one, 95)) for one in rounds]
        frames = [gap for one in rounds for gap in one]
        found[name] = {
            "frames": len(frames),
            "p50_ms": float(np.median(frames)),
            "p99_ms": float(np.percentile(frames, 99)),
            "p95_ms": float(np.median(p95)),
            "p95_of_rounds_ms": [round(value, 1) for value in p95],
        }
    page.keyboard.press("g")
    page.wait_for_timeout(500)
    times = []
    for number in range(1, 31):
        began = time.monotonic()
        page.keyboard.press("j")
        page.wait_for_function("n => document.getElementById('text').dataset.n === String(n)", arg=number)
        times.append(1000 * (time.monotonic() - began))
    found["next_row_ms"] = {"n": len(times), "p50": float(np.median(times)), "p95": float(np.percentile(times, 95))}
    return found


def memory(pid: int) -> dict[str, float]:
    """Resident MB of a process, now and at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1000 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return {"now_mb": sizes["VmRSS"], "most_mb": sizes["VmHWM"]}


def main() -> None:
    parser = harness.options(__doc__, "20,000 rows, short scrolls")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--build", type=Path, help="a finished build, instead of one that is made")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        raise SystemExit(f"no Chromium on the PATH: {', '.join(NAMES)}")
    seconds, rows = (1.0, 20_000) if options.quick else (3.0, options.rows)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.build
        if folder is None:
            small, folder = Path(temporary, "small"), Path(temporary, "large")
            build("demo", small, ["engine.kind=inline", "write.arrow=false"], limit=200)
            enlarge(small, folder, rows)
        words = [sys.executable, "-m", "sxl_data", "serve", str(folder), "--idle", "10"]
        began = time.monotonic()
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            opened = time.monotonic() - began
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            try:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                other = browser.new_page(viewport={"width": 1280, "height": 800})
                other.set_content(PLAIN)
                found = visit(page, other, address, seconds)
                found |= {"open_s": opened, "start": memory(server.pid)}
                began = time.monotonic()
                page.fill("#words", "zebra crossing")
                page.check("#whole")
                page.wait_for_function("() => /searched in|no row/.test(document.getElementById('said').innerText)")
                found |= {"search_s": time.monotonic() - began, "memory": memory(server.pid)}
            finally:
                browser.close()
                server.terminate()
    found["load"] = os.getloadavg()[0]
    print(json.dumps(found, indent=1, ensure_ascii=False))
    claims = [
        harness.claim("p95 of frames while the list is scrolled, ms", 25, found["wheel"]["p95_ms"], at_most=True),
        harness.claim("p95 of frames while it flies by, ms", 25, found["flight"]["p95_ms"], at_most=True),
    ]
    harness.finish(options.json, found, claims, harness.versions(("playwright",)))


if __name__ == "__main__":
    main()
