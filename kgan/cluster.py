"""TF_CONFIG: which processes train together, and which of them this one is."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

from kgan.errors import InputError

CHIEF, WORKER = "chief", "worker"


@dataclasses.dataclass(frozen=True)
class Cluster:
    """What TF_CONFIG says.

    Attributes:
        addresses: `host:port` of each worker, the chief's first.
        index: Which of them this process is; 0 is the chief.
    """

    addresses: tuple[str, ...]
    index: int

    def __str__(self) -> str:
        return f"worker {self.index} of {len(self.addresses)} ({', '.join(self.addresses)})"


def named_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """Returns the cluster that TF_CONFIG names, or None if it is not set, or names one worker.

    TF_CONFIG is JSON, the same for all processes but for its task; without `chief`, one at most, worker 0 is the chief:

        {"cluster": {"chief": ["a:2222"], "worker": ["b:2222"]}, "task": {"type": "worker", "index": 0}}

    Raises:
        InputError: If it is something else, or names jobs that do not train, such as `ps` and `evaluator`.
    """
    text = environment.get("TF_CONFIG", "").strip()
    if not text:
        return None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise _malformed(f"is no JSON ({error})") from None
    if content == {}:
        return None
    jobs = _read_jobs(content)
    addresses = tuple(address for job in (CHIEF, WORKER) for address in jobs.get(job, ()))
    if len(set(addresses)) < len(addresses):
        raise _malformed(f"gives two workers the same address: {', '.join(addresses)}")
    cluster = Cluster(addresses, _read_index(content, jobs))
    return cluster if len(addresses) > 1 else None


def _read_jobs(content: Any) -> dict[str, list[str]]:
    jobs = content.get("cluster") if isinstance(content, dict) else None
    if not isinstance(jobs, dict) or not jobs:
        raise _malformed('has no "cluster" that names workers')
    for job, addresses in jobs.items():
        if job not in (CHIEF, WORKER):
            raise _malformed(f"has a job {job!r}; kgan trains with workers, and one of them as the chief, alone")
        if not isinstance(addresses, list) or not all(_is_address(address) for address in addresses) or not addresses:
            raise _malformed(f"must list the addresses of the job {job!r} as host:port; it has {addresses!r}")
    if len(jobs.get(CHIEF, ())) > 1:
        raise _malformed(f"names {len(jobs[CHIEF])} chiefs; there is one at most")
    return jobs


def _is_address(address: Any) -> bool:
    host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
    return bool(host) and port.isdecimal() and 0 < int(port) < 2**16


def _read_index(content: dict[str, Any], jobs: dict[str, list[str]]) -> int:
    task = content.get("task")
    job, index = (task.get("type"), task.get("index")) if isinstance(task, dict) else (None, None)
    # Some set it as text, as TensorFlow takes it too.
    if isinstance(index, str) and index.isdecimal():
        index = int(index)
    if job not in jobs or isinstance(index, bool) or not isinstance(index, int):
        raise _malformed(f'must say which worker this is, "task": {{"type": "worker", "index": 0}}; it has {task!r}')
    if not 0 <= index < len(jobs[job]):
        raise _malformed(f"has {len(jobs[job])} of job {job!r}, counted from 0, and calls this one number {index}")
    return index + (len(jobs.get(CHIEF, ())) if job == WORKER else 0)


def _malformed(what: str) -> InputError:
    return InputError(f"TF_CONFIG {what}. Unset it to train on this machine alone; docs/several-machines.md.")
