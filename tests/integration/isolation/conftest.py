"""Fake plugins in a folder, and workers for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest

from quotaloom.policies.isolation.breaker import BreakerRules
from quotaloom.policies.isolation.descriptors import PluginSource
from quotaloom.policies.isolation.limits import MEGABYTE, WorkerLimits
from quotaloom.policies.isolation.workers import PluginWorkers, expecting
from quotaloom_sdk import AllocationRequest, AllocationResult
from quotaloom_sdk.testing import allocation_request, child, months
from tests.integration.isolation.hostile import HOSTILE
from tests.integration.isolation.plugins import BAD, GOOD, IMPORTS

LIMITS = WorkerLimits(memory=256 * MEGABYTE, processor_seconds=20, start_seconds=10, workers=1, idle_seconds=60)

OURS = (("good", "good_rules"), ("bad", "bad_rules"), ("hostile", "hostile_rules"))

_ASKED = allocation_request(child("East", 300, 100), child("West", 100, 0), months=months(2017, 2))


def stored(parameters: dict[str, Any]) -> AllocationRequest[Any]:
    """A request of two children and two months, with parameters as they are stored."""
    return replace(_ASKED, parameters=cast("Any", parameters))


@dataclass
class Clock:
    """A clock that a test turns."""

    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Bench:
    """Workers for the fake plugins, and calls of them."""

    workers: PluginWorkers
    clock: Clock
    request: AllocationRequest[Any] = field(default_factory=lambda: stored({}))

    async def ask(
        self, policy: str, *, company_id: int = 1, deadline: float = 8.0, parameters: dict[str, Any] | None = None
    ) -> AllocationResult:
        """The answer of a policy, by its full key."""
        plugin, key = policy.split(".")
        request = self.request if parameters is None else stored(parameters)
        return await self.workers.call(
            plugin,
            "allocate",
            key,
            request,
            company_id=company_id,
            deadline=deadline,
            check=expecting(AllocationResult),
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder with the fake plugins' modules."""
    for name, source in {"good_rules": GOOD, "bad_rules": BAD, "hostile_rules": HOSTILE, **IMPORTS}.items():
        (tmp_path / f"{name}.py").write_text(dedent(source), encoding="utf-8")
    return tmp_path


Made = Callable[..., Bench]


@pytest.fixture
async def made(folder: Path) -> AsyncIterator[Made]:
    """Makes workers with limits of its own; all are closed at the end."""
    everything: list[PluginWorkers] = []

    def make(rules: BreakerRules | None = None, **limits: Any) -> Bench:
        clock = Clock()
        workers = PluginWorkers(
            sources(*OURS, *((name, name) for name in IMPORTS)),
            clock=clock,
            limits=replace(LIMITS, **limits),
            rules=rules,
            import_path=(str(folder),),
        )
        everything.append(workers)
        return Bench(workers, clock)

    yield make
    for workers in everything:
        await workers.close()


@pytest.fixture
async def bench(made: Made) -> Bench:
    """Workers with one process per plugin."""
    return made()


def sources(*entry_points: tuple[str, str]) -> Iterable[PluginSource]:
    """Entry points as (name, value), all of one distribution."""
    return [PluginSource(name, value, "acme-rules", "1.2") for name, value in entry_points]
