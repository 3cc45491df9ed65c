"""What other plugins, companies and calls notice of a bad one: nothing, or an error in bounded time."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from quotaloom.policies.isolation.breaker import BreakerRules, Phase
from quotaloom.policies.isolation.errors import PluginBusy, PluginSuspended, PolicyTimedOut
from tests.integration.isolation.conftest import Bench, Made


async def failure(bench: Bench, policy: str, deadline: float, company_id: int = 1) -> Exception | None:
    """How a call fails, None if it does not."""
    try:
        await bench.ask(policy, deadline=deadline, company_id=company_id)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("bad", ["hangs", "gigabyte", "exits", "raises", "slow", "prints"])
async def test_another_plugin_answers_as_before(bench: Bench, bad: str) -> None:
    """East had 400 and West 100, times 2; each call is quick while the bad plugin is busy or dying."""
    await bench.workers.describe("good")
    await bench.workers.describe("bad")
    troubled = asyncio.create_task(failure(bench, f"bad.{bad}", 1.0))
    for _ in range(10):
        begin = time.monotonic()
        assert (await bench.ask("good.by_year", company_id=2)).children == (800, 200)
        assert time.monotonic() - begin < 0.5
    await troubled


async def test_another_company_has_the_same_plugins_other_worker(made: Made) -> None:
    """With two workers a hang of one company leaves one to the others."""
    bench = made(workers=2)
    await bench.ask("bad.forks")
    hung = asyncio.create_task(failure(bench, "bad.hangs", 3.0, company_id=1))
    await asyncio.sleep(0.05)
    assert (await bench.ask("bad.forks", company_id=2, deadline=2.5)).children == (3, 4)
    assert not hung.done()
    assert isinstance(await hung, PolicyTimedOut)


async def test_a_call_behind_two_hangs_ends_at_its_own_deadline(bench: Bench) -> None:
    """It is told that the plugin is busy, though the hangs before it go on; and it does not count against it."""
    await bench.workers.describe("bad")
    hangs = [asyncio.create_task(failure(bench, "bad.hangs", 1.5)) for _ in range(2)]
    await asyncio.sleep(0.05)
    begin = time.monotonic()
    error = await failure(bench, "bad.forks", 0.5, company_id=2)
    assert 0.45 < time.monotonic() - begin < 1.0
    assert isinstance(error, PluginBusy)
    assert str(error) == "plugin 'bad': it was not reached within 0.5 seconds, because its workers are busy"
    assert bench.workers.breaker("bad", 2).failures == 0
    first, second = await asyncio.gather(*hangs)
    assert isinstance(first, PolicyTimedOut)
    assert isinstance(second, PluginBusy)


async def test_more_calls_than_may_wait_are_refused_at_once(made: Made) -> None:
    """With one at work and two waiting, the fourth is told so."""
    bench = made(queue=2)
    await bench.workers.describe("bad")
    calls = [asyncio.create_task(failure(bench, "bad.slow", 8.0, company_id)) for company_id in (1, 1, 2)]
    await asyncio.sleep(0.05)
    with pytest.raises(PluginBusy, match="'bad': 2 calls wait for it already; try again later"):
        await bench.ask("bad.slow", company_id=3)
    assert await asyncio.gather(*calls) == [None, None, None]


async def test_another_company_waits_for_one_call_of_the_first_and_not_for_all(made: Made) -> None:
    """Of company 1's eight calls one is at work and four wait, three are refused; that of company 2 is served second
    or third, when six would have taken 3.6 seconds.
    """
    bench = made(queue=8)
    await bench.workers.describe("bad")
    calls = [asyncio.create_task(failure(bench, "bad.slow", 8.0)) for _ in range(8)]
    await asyncio.sleep(0.05)
    begin = time.monotonic()
    assert (await bench.ask("bad.forks", company_id=2)).children == (3, 4)
    assert time.monotonic() - begin < 2.0
    errors = [await call for call in calls]
    assert errors[:5] == [None] * 5
    assert [str(error) for error in errors[5:]] == [
        "plugin 'bad': 4 calls of the company wait for it already; try again later"
    ] * 3


async def test_a_caller_who_goes_away_costs_no_worker(bench: Bench) -> None:
    """The call runs to its end, and the same process answers the next."""
    await bench.workers.describe("bad")
    before = bench.workers.pids["bad"]
    call = asyncio.create_task(bench.ask("bad.slow"))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await bench.ask("bad.forks")).children == (3, 4)
    assert bench.workers.pids["bad"] == before


async def test_a_failure_counts_also_when_its_caller_has_gone_away(bench: Bench) -> None:
    """Impatient callers do not keep a plugin that hangs from being suspended."""
    await bench.workers.describe("bad")
    call = asyncio.create_task(bench.ask("bad.hangs", deadline=0.5))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert bench.workers.breaker("bad", 1).failures == 0
    assert (await bench.ask("bad.forks", company_id=2)).children == (3, 4)
    assert bench.workers.breaker("bad", 1).failures == 1


async def test_repeated_failures_suspend_the_plugin_for_that_company_alone(made: Made) -> None:
    """It is refused without a call, seen by the admin, and used again after a probe that succeeds."""
    bench = made(rules=BreakerRules(failures=2, pause=timedelta(seconds=30)))
    for policy in ("raises", "exits"):
        assert await failure(bench, f"bad.{policy}", 8.0) is not None
    with pytest.raises(PluginSuspended, match="it failed 2 times in a row and is not called until 2026-03-02 12:00:30"):
        await bench.ask("bad.forks")
    assert (await bench.ask("bad.forks", company_id=2)).children == (3, 4)
    state = bench.workers.breakers["bad", 1]
    assert (state.phase, state.failures, state.since) == (Phase.OPEN, 2, bench.clock.now)
    assert "exited with code 0" in state.reason
    bench.clock.turn(30)
    assert (await bench.ask("bad.forks")).children == (3, 4)
    assert bench.workers.breaker("bad", 1).phase is Phase.CLOSED


async def test_one_probe_at_a_time(made: Made) -> None:
    """While one call tries the plugin, the others are still refused; if it fails, all are."""
    bench = made(rules=BreakerRules(failures=1, pause=timedelta(seconds=30)))
    assert await failure(bench, "bad.raises", 8.0) is not None
    bench.clock.turn(30)
    probe = asyncio.create_task(failure(bench, "bad.hangs", 1.0))
    await asyncio.sleep(0.05)
    with pytest.raises(PluginSuspended, match="while one call tries it"):
        await bench.ask("bad.forks")
    assert isinstance(await probe, PolicyTimedOut)
    assert bench.workers.breaker("bad", 1).until == bench.clock.now + timedelta(seconds=60)
