"""A three-node Ray cluster on this machine, one node killed in the middle of each stage.

Nodes are added and removed from the main thread: Ray's `add_node` fails from another one. `ray stop` is never
used, it would end every Ray on the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from toy import digest, leftovers, report

from sxl_data.build.recipe import read
from sxl_data.build.run import Run
from sxl_data.engine.ray import RayRunner
from sxl_data.engine.task import Receipt, Task
from sxl_data.pipeline import build, run_stages

STAGES = (
    "detect",
    "read",
    "clean",
    "view",
    "exact",
    "candidates",
    "verify",
    "survivors",
    "results",
    "dedup",
    "decontaminate",
    "place",
    "split",
    "write",
)


class KillingRunner(RayRunner):
    """Kills one node without a word while tasks of ``stage`` run there, and adds a new one afterwards."""

    def __init__(self, cluster: Any, node: list[Any], stage: str, root: Path) -> None:
        super().__init__(root, None, None, 60)
        self.cluster, self.node, self.stage, self.killed = cluster, node, stage, 0

    def _submit(self, job: Any) -> Any:
        ref = super()._submit(job)
        if job.task.stage == self.stage and not self.killed:
            self.killed += 1
            self.ray.wait([ref], timeout=0.05)
            self.cluster.remove_node(self.node[0], allow_graceful=False)
            self.node[0] = self.cluster.add_node(num_cpus=1)
        return ref

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        yield from super().run(tasks)


def nodes(recipe: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """One build without and one for each stage with a lost node, against the bytes of an inline build."""
    import ray
    from ray.cluster_utils import Cluster

    build(str(recipe), folder / "inline")
    expected = digest(folder / "inline")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    node = [cluster.add_node(num_cpus=1)]
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    same, killed = [], 0
    stages = ("none", "read", "candidates") if quick else ("none", *STAGES)
    try:
        for stage in stages:
            loaded, base = read(str(recipe))
            one = Run(loaded, base, folder / stage)
            runner = KillingRunner(cluster, node, stage, one.store.root)
            one.store.root.mkdir(parents=True)
            one.runner = runner
            run_stages(one)
            killed += runner.killed
            if digest(folder / stage) == expected and not leftovers(folder / stage):
                same.append(stage)
    finally:
        ray.shutdown()
        cluster.shutdown()
    return [
        report(
            f"three Ray nodes, one killed in each of {len(stages) - 1} stages ({killed} kills), and one undisturbed "
            "build: bytes of the inline build",
            ", ".join(stages),
            ", ".join(same),
            len(same) == len(stages),
        )
    ]
