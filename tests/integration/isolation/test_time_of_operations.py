"""Policies that take longer than the operation that asks them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.time_limits import timed
from quotaloom.policies.allocating import ask_for_weights
from quotaloom.policies.discovery import Discovery, Origin, Plugin
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.isolation import descriptors
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.selected import SelectedPolicy
from quotaloom_sdk import AllocationRequest, AllocationResult, Parameters
from tests.integration.isolation.conftest import LIMITS, stored
from tests.unit.policies.registered import equally, plugin, rule


def selected(of: Plugin, key: str) -> SelectedPolicy:
    """A policy of a plugin, without parameters."""
    return SelectedPolicy(PolicyRegistry([of]).get(f"{of.name}.{key}"), {})


async def test_an_operation_does_not_wait_for_a_plugin_beyond_its_time(folder: Path) -> None:
    """One that loops in its worker is given up when the time is over, and not begun when it was over before.

    The plugin has longer than that, by its own deadline.
    """
    rules = tuple(descriptors.described(rule(key=key)) for key in ("hangs", "forks"))
    bad = Plugin("bad", "acme-rules", "1.2", "bad_rules", "1.0", Origin.INSTALLED, rules)
    async with PolicyHost(Discovery((bad,), ()), limits=LIMITS, import_path=(str(folder),)) as host:
        with timed(Allowance(Limits(operation_seconds=0.3))):
            for _ in range(2):
                with pytest.raises(LimitExceeded) as caught:
                    await ask_for_weights(host, selected(bad, "hangs"), [stored({})], company_id=1)
                assert caught.value.code == "TOO_SLOW"
        assert host.breaker("bad", 1).failures == 0


async def test_an_operation_computes_no_further_than_its_time() -> None:
    """Of a thousand requests to a policy in this process two hundred are answered at the most: the time is looked at
    after each hundred."""
    asked = []

    def slow(request: AllocationRequest[Parameters]) -> AllocationResult:
        asked.append(request)
        time.sleep(0.001)  # as if it computed
        return equally(request)

    ours = plugin(rule(slow))
    host = PolicyHost(Discovery((ours,), ()))
    with timed(Allowance(Limits(operation_seconds=0.05))), pytest.raises(LimitExceeded):
        await ask_for_weights(host, selected(ours, "rule"), [stored({})] * 1000, company_id=1)
    assert len(asked) <= 200
