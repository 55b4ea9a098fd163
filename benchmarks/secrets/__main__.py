"""How many planted secrets and persons go, how much harmless text is altered, and how fast the scan is.

    python benchmarks/secrets [--quick] [--seed N] [--json FILE] [--files FOLDER]

Tokens are made anew at each run (`planted.py`), put into every place of a trace and behind every escape that
hides one, and cleaned as a build cleans them. A secret counts as gone when neither it nor a piece of twelve characters
of it is left in any form. detect-secrets looks at the same rows. The scan is timed beside the whole clean stage.
``--files`` lists what is found in real files, to be read one by one.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from places import TOKEN, WHOLE, trace
from planted import LOOK_ALIKES, PERSONS, SECRETS, fill, look_alike

from sxl_data.clean.stage import CleanConfig, run
from sxl_data.secrets import marks
from sxl_data.secrets.find import find
from sxl_data.secrets.rows import clean
from sxl_data.secrets.second_scan import detections
from sxl_data.secrets.table import table
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Part, Trace

PIECE = 12


def leaks(row: str, secret: str) -> bool:
    """Whether ``row``, with its escapes undone, still holds ``secret`` or a piece of its end or middle."""
    forms = [row, row.encode().decode("unicode_escape", "replace")]
    pieces = {secret} if len(secret) < PIECE + 6 else {secret[-PIECE:], secret[len(secret) // 2 :][:PIECE], secret}
    encoded = {base64.b64encode(secret.encode()).decode()[4:-4], quote(secret, safe="")}
    return any(piece in form for form in forms for piece in pieces | {e for e in encoded if len(e) >= PIECE})


def cleaned(traces: list[Trace]) -> list[str]:
    batch = to_table(traces)
    done = clean(batch, True, np.ones(len(batch), dtype=bool)).batch
    return [json.dumps(row, ensure_ascii=False) for row in done.to_pylist()]


def measure_recall(dice: random.Random, each: int, peer: bool) -> dict[str, Any]:
    cases: list[tuple[str, str, str, Trace]] = []
    for kind, template in SECRETS.items():
        for _ in range(each):
            text, secret = fill(template, dice)
            places = WHOLE | (TOKEN if text == secret and "\n" not in text else {})
            cases += [
                (kind, name, secret, place(text, len(cases) + i)) for i, (name, place) in enumerate(places.items())
            ]
    rows = cleaned([case[3] for case in cases])
    found, total = Counter[str](), Counter[str]()
    in_place, of_place = Counter[str](), Counter[str]()
    missed = []
    for (kind, name, secret, _), row in zip(cases, rows):
        gone = not leaks(row, secret)
        total[kind] += 1
        of_place[name] += 1
        found[kind] += gone
        in_place[name] += gone
        if not gone:
            missed.append(f"{kind} in {name}")
    result = {
        "kinds": len(total),
        "places": len(of_place),
        "planted": len(cases),
        "recall": sum(found.values()) / len(cases),
        "kinds_at_zero": [kind for kind in total if not found[kind]],
        "by_place": {name: in_place[name] / of_place[name] for name in of_place},
        "worst_kinds": {k: found[k] / total[k] for k in sorted(total, key=lambda k: found[k] / total[k])[:8]},
        "missed": dict(sorted(Counter(missed).items())),
    }
    if peer:
        some = cases if each == 1 else dice.sample(cases, len(SECRETS) * 20)
        seen = 0
        for _, _, secret, case in some:
            row = json.dumps(to_table([case]).to_pylist()[0], ensure_ascii=False)
            # For some kinds it reports a part of the token only, such as its prefix.
            seen += any(
                secret in value or (len(value) > 2 and value in secret) for _, _, value in detections(row.encode())
            )
        result["detect_secrets_recall"] = seen / len(some)
    return result


def measure_persons(dice: random.Random, each: int) -> dict[str, Any]:
    names = (
        "user",
        "answer",
        "result",
        "arguments",
        "arguments, escaped newline",
        "JSON in arguments",
        "structured result",
        "extension",
    )
    cases = []
    for kind, templates in PERSONS.items():
        for template in templates * each:
            text, who = fill(template, dice)
            cases += [(kind, name, who, WHOLE[name](text, len(cases) + i)) for i, name in enumerate(names)]
    found, total = Counter[str](), Counter[str]()
    for (kind, _, who, _), row in zip(cases, cleaned([case[3] for case in cases])):
        total[kind] += 1
        found[kind] += who not in row
    return {
        "planted": len(cases),
        "recall": sum(found.values()) / len(cases),
        "by_kind": {k: found[k] / total[k] for k in total},
    }


def measure_false(dice: random.Random, each: int, peer: bool) -> dict[str, Any]:
    names = ("user", "result", "arguments, escaped newline")
    cases = []
    for template in LOOK_ALIKES * each:
        text = look_alike(template, dice)
        cases += [(template, WHOLE[name](text, len(cases) + i)) for i, name in enumerate(names)]
    before = [json.dumps(row, ensure_ascii=False) for row in to_table([case for _, case in cases]).to_pylist()]
    after = cleaned([case for _, case in cases])
    altered = Counter(case[0] for case, a, b in zip(cases, before, after) if a != b)
    result = {
        "harmless": len(cases),
        "altered": sum(altered.values()),
        "share": sum(altered.values()) / len(cases),
        "texts": altered.most_common(10),
    }
    if peer:
        texts = [look_alike(template, dice) for template in LOOK_ALIKES]
        result["detect_secrets_share"] = sum(any(True for _ in detections(text.encode())) for text in texts) / len(
            texts
        )
    return result


def measure_speed(folder: Path, most: int) -> dict[str, Any]:
    """CPU time of the scan in the clean stage, over real texts as agent traces."""
    traces, size = [], 0
    # In an order that mixes the sets: a folder's first set may be all passwords.
    files = sorted(real_files(folder), key=lambda file: hashlib.sha256(file[0].encode()).digest())
    marks.prepare()
    for number, (_, data) in enumerate(files):
        text = data.decode("utf-8", "replace")[:20_000]
        traces.append(trace(number, content=(Part(text=text),), answer=text[:2000]))
        size += len(text.encode()) + len(text[:2000].encode())
        if size > most:
            break
    batch = to_table(traces)
    people = np.ones(len(batch), dtype=bool)
    times = {}
    for name, work in (
        ("secrets", lambda: clean(batch, True, ~people)),
        ("secrets and persons", lambda: clean(batch, True, people)),
        ("clean stage", lambda: run(batch, CleanConfig(profile="train"))),
    ):
        work()
        spent = []
        for _ in range(3):
            since = time.process_time()
            work()
            spent.append(time.process_time() - since)
        times[name] = min(spent)
    return {
        "MB": size / 1e6,
        "MB_per_s": {name: size / 1e6 / spent for name, spent in times.items()},
        "share_of_clean": {name: times[name] / times["clean stage"] for name in list(times)[:2]},
    }


def real_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                for member in archive:
                    data = archive.extractfile(member).read() if member.isfile() and member.size < 2_000_000 else b""
                    if data and b"\0" not in data[:2000]:
                        yield f"{path.name}:{member.name}", data
        elif path.is_file() and path.suffix in (".md", ".json", ".jsonl", ".py", ".txt"):
            yield str(path.relative_to(folder)), path.read_bytes()


def list_hits(folder: Path) -> None:
    """Every distinct hit of every file, with what stands around it."""
    for name, data in real_files(folder):
        seen = set()
        for hit in find(data, people=True):
            if (hit.kind, hit.value) in seen:
                continue
            seen.add((hit.kind, hit.value))
            a, b = max(0, hit.start - 60), hit.end + 40
            around = data[a : hit.start] + b"[[" + data[hit.start : hit.end][:80] + b"]]" + data[hit.end : b]
            print(hit.kind, name, around.decode("utf-8", "replace").replace("\n", " ").replace("\r", " "), sep=" | ")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one token of each kind")
    parser.add_argument("--seed", type=int, help="repeat a run (default: other tokens each time)")
    parser.add_argument("--data", type=Path, help="folder of real files for the speed")
    parser.add_argument("--files", type=Path, help="list what is found in the files of a folder")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    if options.files:
        list_hits(options.files)
        return 0
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    dice, each = random.Random(seed), 1 if options.quick else 3
    try:
        list(detections(b"x"))
        peer = True
    except Exception:
        peer = False
    result = {
        "seed": seed,
        "rules": table().digest,
        "kinds_of_the_table": len(table().kinds),
        "secrets": measure_recall(dice, each, peer),
        "persons": measure_persons(dice, each),
        "look_alikes": measure_false(dice, each, peer),
    }
    if options.data:
        result["speed"] = measure_speed(options.data, 4_000_000 if options.quick else 16_000_000)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    good = result["secrets"]["recall"] >= 0.95 and result["look_alikes"]["share"] <= 0.02
    return 0 if good and not result["secrets"]["kinds_at_zero"] else 1


if __name__ == "__main__":
    sys.exit(main())
