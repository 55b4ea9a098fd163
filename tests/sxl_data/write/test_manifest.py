from __future__ import annotations

import msgspec
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.write.card import render_card
from sxl_data.write.manifest import (
    Borderline,
    BorderlinePair,
    Leak,
    Manifest,
    SourceSummary,
    StageSummary,
    decode,
    encode,
    seal,
)


def manifest() -> Manifest:
    source = SourceSummary(
        name="toys",
        format="instruction_pair",
        detected="named in the recipe",
        licence="MIT",
        revision="1",
        files=1,
        bytes=10,
        sha256="00",
        documents=12,
        traces=11,
        quarantined=1,
        empty=0,
        kept={"train": 9, "test": 1},
    )
    return seal(
        Manifest(
            name="toy set",
            sxl_version="0",
            seed=0,
            recipe={
                "split": {"threshold": 0.5, "task_threshold": 0.6, "group": []},
                "dedup": {"threshold": 0.7},
                "clean": {"secrets": True},
            },
            sources=[source],
            stages=[StageSummary(stage="dedup", rows_in=11, rows_out=10, dropped={"D311": 1}, edited={})],
            splits={
                "train": {"rows": 9, "text_bytes": 90, "shards": 1},
                "test": {"rows": 1, "text_bytes": 5, "shards": 1},
            },
            leakage={"ours": 0.0, "random": 0.25},
            leaks=[Leak(edge="near_task", links=3, ours=0.0, random=0.25)],
            benchmarks={"mbpp": "v1"},
            files={},
            versions={},
            borderline=Borderline(
                count=12,
                closest=[BorderlinePair(left="toys:1", right="toys:2", score=0.7125, left_kept=True, right_kept=False)],
            ),
        )
    )


def test_the_content_hash_leaves_out_the_timing():
    one = manifest()
    assert one.content_hash == seal(msgspec.structs.replace(one, timing={"seconds": {"read": 1.5}})).content_hash
    assert one.content_hash != seal(msgspec.structs.replace(one, seed=1)).content_hash


def test_a_manifest_survives_the_file():
    assert manifest() == decode(encode(manifest()), "manifest.json")


@pytest.mark.parametrize("data", [b"{}", b'{"name": "half', b'{"name": "\xff"}'])
def test_what_is_no_manifest_is_a_clear_error(data: bytes):
    with pytest.raises(UserError) as problem:
        decode(data, "manifest.json")
    assert "U305" == problem.value.findings[0].code


def test_the_card_says_what_the_manifest_counted():
    card = render_card(manifest())
    assert card.startswith("---\nlicense: mit\n")
    assert "path: data/train-*.parquet" in card
    assert "| toys | instruction_pair | MIT | 1 | 12 | 11 | 10 |" in card
    assert "near-duplicate (D311) 1" in card
    assert "12 pairs lie within 0.02 of the similarity 0.7" in card
    assert "| 0.7125 | `toys:1` | `toys:2` | one dropped |" in card
    assert "of runs of three words) | 3 | 0.00% | 25.00% |" in card


def test_the_card_names_sources_without_a_licence():
    bare = manifest()
    unknown = msgspec.structs.replace(bare, sources=[msgspec.structs.replace(bare.sources[0], licence="")])
    assert "Licence unknown for: toys" in render_card(unknown)
