"""A three-node Ray cluster on this machine, one node killed in the middle of each stage.

Nodes are added and removed from the main thread: Ray's `add_node` fails from another one. `ray stop` is never
used, it would end every Ray on the machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
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


def patiently(start: Callable[[], Any]) -> Any:
    """What ``start`` gives at last: a new node ends itself where its agent, a process of its own, takes more than 15 s
    to start, as on a busy machine, and no setting of Ray changes that."""
    for _ in range(9):
        with contextlib.suppress(Exception):
            return start()
    return start()


class KillingRunner(RayRunner):
    """Kills one node without a word while tasks of each of ``stages`` run there, and adds a new one afterwards."""

    def __init__(self, cluster: Any, node: list[Any], stages: tuple[str, ...], root: Path) -> None:
        super().__init__(root, None, None, 60)
        self.cluster, self.node, self.stages, self.killed = cluster, node, stages, set[str]()

    def _submit(self, job: Any) -> Any:
        ref = super()._submit(job)
        if job.task.stage in self.stages and job.task.stage not in self.killed:
            self.killed.add(job.task.stage)
            self.ray.wait([ref], timeout=0.05)
            self.cluster.remove_node(self.node[0], allow_graceful=False)
            self.node[0] = patiently(lambda: self.cluster.add_node(num_cpus=1))
        return ref

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        yield from super().run(tasks)


def nodes(recipe: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """One build without and one for each stage with a lost node, against the bytes of an inline build; the short
    version is one build that loses a node in two stages and goes undisturbed through the others."""
    import ray
    from ray.cluster_utils import Cluster

    build(str(recipe), folder / "inline")
    expected = digest(folder / "inline")
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
    node = [patiently(lambda: cluster.add_node(num_cpus=1))]
    patiently(lambda: cluster.add_node(num_cpus=1))
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    same, killed = [], 0
    builds = [("read", "candidates")] if quick else [(), *((stage,) for stage in STAGES)]
    wanted = sum(map(len, builds))
    try:
        for stages in builds:
            out = folder / ("-".join(stages) or "none")
            loaded, base = read(str(recipe))
            one = Run(loaded, base, out)
            runner = KillingRunner(cluster, node, stages, one.store.root)
            one.store.root.mkdir(parents=True)
            one.runner = runner
            run_stages(one)
            killed += len(runner.killed)
            if digest(out) == expected and not leftovers(out):
                same.append(out.name)
    finally:
        ray.shutdown()
        cluster.shutdown()
    return [
        report(
            f"three Ray nodes, {len(builds)} builds, one node killed in each of {killed} stages: bytes of the inline "
            "build",
            f"{len(builds)} builds, {wanted} kills",
            f"{len(same)} builds ({', '.join(same)}), {killed} kills",
            len(same) == len(builds) and killed == wanted,
        )
    ]
