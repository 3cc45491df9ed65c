"""What a worker may use, and what it is given of the server's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one plugin's workers; all must be positive, `ValueError` otherwise.

    `memory`: bytes of address space beyond what an empty worker has (kept on Linux). `processor_seconds`: whole
    seconds of processor time per call, all threads together. `start_seconds`: how long a process may take until
    the plugin is loaded. `answer`: bytes of a pickled answer. `workers`: processes at a time; each handles one call
    at a time. `queue`: calls that may wait for a worker, at
    most half of them of one company. `idle_seconds`: after which an unused worker ends.
    """

    memory: int = 512 * MEGABYTE
    processor_seconds: int = 10
    start_seconds: float = 30.0
    answer: int = 16 * MEGABYTE
    workers: int = 2
    queue: int = 32
    idle_seconds: float = 300.0

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            if given <= 0:
                raise ValueError(f"{field.name} of a worker must be more than 0, not {given}")


_INHERITED = frozenset({"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})

_GIVEN = {
    "PYTHONHASHSEED": "0",  # sets have the same order in every worker
    "PYTHONUTF8": "1",
    "MALLOC_ARENA_MAX": "2",  # threads would reserve address space that counts as memory
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker: what finds programs and says language and time zone, and nothing else."""
    return {name: value for name, value in environment.items() if name in _INHERITED} | _GIVEN
