"""The figures that each process counts. What they add up to over all processes is said by `exposition`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1800)

http = Histogram(
    "packshot_http_seconds",
    "Time to answer a page or a call, by the route and not by the address.",
    ["method", "route", "status"],
    buckets=_QUICK,
)
events_clients = Gauge(
    "packshot_events_clients", "Open streams of server-sent events.", multiprocess_mode="livesum"
)
job = Histogram(
    "packshot_job_seconds",
    "Time from a worker's first taking a job to its end.",
    ["model", "outcome"],
    buckets=_SLOW,
)
job_wait = Histogram(
    "packshot_job_wait_seconds",
    "Time from an order to a worker's first taking its job.",
    ["model"],
    buckets=_SLOW,
)
jobs_held = Gauge("packshot_worker_jobs", "Jobs that workers hold now.", multiprocess_mode="livesum")
provider = Histogram(
    "packshot_provider_seconds",
    "Time that a provider took to answer, by what it was asked.",
    ["provider", "call"],
    buckets=_SLOW,
)
provider_failures = Counter(
    "packshot_provider_failures",
    "Answers of providers that were failures, by our code for them; `raised` is a broken connection or adapter.",
    ["provider", "code"],
)
ledger_lag = Histogram(
    "packshot_ledger_lag_seconds",
    "Time from asking the ledger for a hold (order) or a settlement (settle) until it was committed.",
    ["command"],
    buckets=_QUICK,
)
