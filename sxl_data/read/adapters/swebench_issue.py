"""Issue and patch pairs in the form of SWE-bench.

In: ``{"instance_id", "problem_statement", "patch", …}``. Out: the issue is observed, the patch is a call of
``apply_patch``; what came of it the source does not say, so there is no result. The tests of the instance
stay in ``ext_json``: whoever grounds the call needs them, the model must not see them
(Jimenez et al. 2024, https://www.swebench.com).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.read.adapters.edits import APPLY_PATCH, changed_files, language_of_patch
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError, Unit

_KEPT = (
    "base_commit",
    "version",
    "test_patch",
    "FAIL_TO_PASS",
    "PASS_TO_PASS",
    "created_at",
    "environment_setup_commit",
)


class SweBenchIssue:
    """Rows of SWE-bench, SWE-bench Lite, SWE-Gym and others of their columns."""

    name = "swebench_issue"
    title = "issues with their patches (SWE-bench columns)"
    unit: Unit = "row"
    leaves_out = (
        LeftOut("description quality", "a grade that annotators gave"),
        LeftOut("solution in description", "a grade that annotators gave"),
    )

    def detect(self, sample: Any) -> str | None:
        if isinstance(sample, dict) and {"instance_id", "problem_statement", "patch"} <= sample.keys():
            return "has `instance_id`, `problem_statement` and `patch`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        for name in ("instance_id", "problem_statement", "patch"):
            if not isinstance(row, dict) or not isinstance(row.get(name), str) or not row[name].strip():
                raise RowError("no text", f"a text `{name}`", f"/{name}")
        if not changed_files(row["patch"]):
            raise RowError(repr(row["patch"][:60]), "a unified diff", "/patch")
        builder = Builder("agent", row["problem_statement"])
        builder.tool(APPLY_PATCH)
        builder.observe(row["problem_statement"], at="/problem_statement")
        builder.call(APPLY_PATCH.name, row["patch"], "call_0", kind="custom", form="raw", language="diff", at="/patch")
        repository = row.get("repo") or repository_of(row["instance_id"])
        builder.ext = {"swebench": {"repo": repository, **{k: row[k] for k in _KEPT if row.get(k) is not None}}}
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=row["instance_id"],
            group=str(repository),
            language=language_of_patch(row["patch"]),
        )


def repository_of(instance: str) -> str:
    """``django__django-15202`` → ``django/django``."""
    return instance.rpartition("-")[0].replace("__", "/") or instance


FORMAT = SweBenchIssue()
