"""One port that Prometheus asks for everything a command and its processes counted, and what the queue is like now.

Processes write their figures into files of a folder (prometheus_client's multi-process mode), because a port can have
one owner and a command has many processes. The command that was typed serves them; its children find the folder in
their environment and only write.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import structlog

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = structlog.get_logger(__name__)

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

ReadQueue = Callable[[], dict[str, Any]]
"""What `generation_queue_v1` answers. Raises what the database's driver raises."""


def serve(home: Path, host: str, port: int, read_queue: ReadQueue) -> int | None:
    """Serve on this port (0: a free one) for as long as the process lives; the port, or None where a parent serves.

    Must come before anything imports `prometheus_client`, and before children start. Raises OSError when the port
    cannot be had.
    """
    if _FOLDER in os.environ:
        return None
    folder = _fresh_folder(home / "metrics")
    os.environ[_FOLDER] = str(folder)
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    collector = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]  # prometheus_client's
    registry.register(_Processes(collector, folder))
    registry.register(_Queue(read_queue))
    server, _ = start_http_server(port, host, registry)
    return int(server.server_port)


def _fresh_folder(metrics: Path) -> Path:
    """A folder of this process's own; those of processes that are gone are cleared away."""
    metrics.mkdir(parents=True, exist_ok=True)
    for old in metrics.iterdir():
        if not psutil.pid_exists(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    folder = metrics / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


class _Processes:
    """What all processes counted. The dead ones' counters stay, or sums would fall; their gauges go."""

    def __init__(self, collector: Any, folder: Path) -> None:
        self._collector = collector
        self._folder = folder

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        for path in self._folder.glob("gauge_live*_*.db"):
            if not psutil.pid_exists(int(path.stem.rpartition("_")[2])):
                path.unlink(missing_ok=True)
        found: Iterable[Metric] = self._collector.collect()
        return found


class _Queue:
    """The database's side, asked at each scrape. Where it does not answer, the figures are missing, not zero."""

    def __init__(self, read: ReadQueue) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily("packshot_database_up", "1 while the database answers.")
        depth = GaugeMetricFamily("packshot_queue_depth", "Messages that are due.", labels=["lane"])
        age = GaugeMetricFamily(
            "packshot_queue_age_seconds", "Age of the oldest message that is due.", labels=["lane"]
        )
        jobs = GaugeMetricFamily(
            "packshot_jobs",
            "Jobs that have not ended; `held back` wait for their organization's turn.",
            labels=["state"],
        )
        try:
            found = self._read()
        except Exception as error:  # noqa: BLE001  (a scrape must tell that it broke, not break)
            log.warning("metrics without database", error=str(error))
            up.add_metric([], 0)
            return (up,)
        up.add_metric([], 1)
        for lane, one in found["lanes"].items():
            depth.add_metric([lane], one["depth"])
            age.add_metric([lane], one["age_s"])
        for state, count in found["jobs"].items():
            jobs.add_metric([state], count)
        return (up, depth, age, jobs)
