"""What is looked at before anything is sent: the card against the files, the viewer's limits, the licences.

In: the folder as it would be sent. Out: findings, none where it may go. The viewer's limits are those of the Hub's
dataset viewer (https://huggingface.co/docs/dataset-viewer): it reads whole row groups, and cuts or refuses large rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.console import format_bytes
from sxl_data.contract.errors import Finding, finding
from sxl_data.publish.card import LEDGER, read_front
from sxl_data.publish.folder import Folder
from sxl_data.publish.takedown import split_of
from sxl_data.rules.spdx import NONE, asks_attribution, classify, is_spdx
from sxl_data.write.rows import PUBLISHED_SCHEMA

MOST_GROUP = 286_000_000
MOST_ROW = 1_900_000
"""Bytes of Arrow: the viewer fails above 286 MB a row group, and near 2 MB a row."""
SHOWN = 20
ACCEPTABLE = frozenset("L601 L602 L603 L605 L607 U501".split())
"""Findings that a person may know and mean; a card that disagrees with its files is never meant."""


def check(folder: Folder, accept: Collection[str] = ()) -> list[Finding]:
    """Everything that speaks against sending ``folder``, but for the codes in ``accept``."""
    found = [*_card(folder), *_licences(folder)]
    for name, path in sorted(folder.files.items()):
        if name.startswith("data/"):
            found += _viewable(name, path)
    return [item for item in found if item.code not in accept]


def _card(folder: Folder) -> Iterator[Finding]:
    """U502 where configs, `dataset_info`, schema and rows do not agree."""
    front = read_front(folder.files["README.md"].read_bytes())
    infos = {info["config_name"]: info for info in front["dataset_info"]}
    stated = {split["name"]: split["num_examples"] for split in infos["default"]["splits"]}
    counted: dict[str, int] = {}
    for name, path in folder.files.items():
        if name.startswith("data/"):
            with pq.ParquetFile(path) as file:
                counted[split_of(name)] = counted.get(split_of(name), 0) + file.metadata.num_rows
                if not file.schema_arrow.equals(PUBLISHED_SCHEMA):
                    yield finding("U502", file=name, found="other columns", expected="those of `dataset_info`")
    counted = {name: rows for name, rows in counted.items() if rows}
    if stated != counted:
        yield finding("U502", file="README.md", pointer="/dataset_info", found=stated, expected=counted)
    given = {config["config_name"]: {f["split"] for f in config["data_files"]} for config in front["configs"]}
    expected = {"default": set(counted), "ledger": {"ledger"}}
    if given != expected:
        yield finding("U502", file="README.md", pointer="/configs", found=given, expected=expected)
    lines = pq.read_metadata(folder.files[LEDGER]).num_rows
    if infos["ledger"]["splits"][0]["num_examples"] != lines:
        yield finding("U502", file=LEDGER, found=f"{lines} lines", expected=infos["ledger"]["splits"])


def _viewable(name: str, path: Path) -> Iterator[Finding]:
    """U501 for row groups and rows that the viewer does not show."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            if group.nbytes > MOST_GROUP:
                place, most = f"row group {number}, {format_bytes(group.nbytes)}", format_bytes(MOST_GROUP)
                yield finding("U501", file=name, found=place, expected=f"at most {most} of Arrow in a row group")
            for row in [*_large(group)][:SHOWN]:
                size, most = format_bytes(row.nbytes), format_bytes(MOST_ROW)
                trace_id = row["trace_id"][0].as_py() if "trace_id" in row.column_names else None
                yield finding(
                    "U501", file=name, trace_id=trace_id, found=f"a row of {size}", expected=f"at most {most}"
                )


def _large(rows: pa.Table) -> Iterator[pa.Table]:
    """Rows beyond the limit. A slice that is within it as a whole has none, so few slices are measured."""
    if len(rows) and rows.nbytes > MOST_ROW:
        if len(rows) == 1:
            yield rows
        else:
            half = len(rows) // 2
            yield from _large(rows.slice(0, half))
            yield from _large(rows.slice(half))


def _licences(folder: Folder) -> Iterator[Finding]:
    """What the validator's profile `publish` says of licences, once for each source and licence."""
    rows: dict[tuple[str, str, bool, bool], int] = {}
    for name, path in sorted(folder.files.items()):
        if name.startswith("data/"):
            wanted = ["source", "licence", "provenance.attribution", "provenance.licence_url"]
            with pq.ParquetFile(path) as file:
                table = file.read(columns=wanted)
            origin = table["provenance"].to_pylist()
            for source, licence, of in zip(table["source"].to_pylist(), table["licence"].to_pylist(), origin):
                key = (source, licence or "", bool(of["attribution"]), bool(of["licence_url"]))
                rows[key] = rows.get(key, 0) + 1
    for (source, licence, named, linked), count in sorted(rows.items()):
        if code := _fault(licence, named, linked):
            found = f"{count} rows of {source} under {licence or 'no licence'}"
            yield finding(code, file=source, found=found, expected="a licence under which the rows may be passed on")


def _fault(licence: str, named: bool, linked: bool) -> str | None:
    """The code of the family L that fails at this profile. A source's name is no promise: each row's own is read."""
    kind = classify(licence)
    if licence.strip() in NONE:
        return "L601"
    if not is_spdx(licence):
        return "L602"
    if kind == "non-commercial":
        return "L603"
    if asks_attribution(licence) and not named:
        return "L605"
    return "L607" if kind in ("restricted", "unknown") and not linked else None
