"""What each kind of bad plugin comes to: an error that names it, and a worker that is replaced."""

from __future__ import annotations

import time
from copy import deepcopy

import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.isolation.errors import (
    PluginUnavailable,
    PolicyCrashed,
    PolicyOutOfMemory,
    PolicyTimedOut,
)
from quotaloom_sdk import AllocationResult
from quotaloom_sdk.answers import judged
from tests.integration.isolation.conftest import Bench, Made
from tests.integration.isolation.endings import gone


@pytest.mark.parametrize(
    ("policy", "kind", "reason"),
    [
        ("raises", PolicyFailed, "it raised Own: no such region"),
        ("leaves", PolicyFailed, "it raised SystemExit: 3"),
        ("wrong_type", PolicyFailed, "it answered with str, not with AllocationResult"),
        ("own_type", PolicyFailed, "it answered with a bad_rules.Mine, which the server does not know"),
        ("function", PolicyFailed, "its answer, of type function, cannot leave the worker"),
        ("huge_answer", PolicyFailed, "at most 16777216 may leave the worker"),
        ("nowhere", PolicyFailed, "the plugin has no such policy any more"),
        ("gigabyte", PolicyOutOfMemory, "it wanted more than 256 MB of memory"),
        ("swallows", PolicyOutOfMemory, "it wanted more than 256 MB of memory"),
        ("exits", PolicyCrashed, "its worker exited with code 0"),
        ("exits_with_3", PolicyCrashed, "its worker exited with code 3"),
        ("segfaults", PolicyCrashed, "its worker was killed by SIGSEGV"),
    ],
)
async def test_a_failure_is_told_with_plugin_policy_and_reason(
    bench: Bench, policy: str, kind: type[PolicyFailed], reason: str
) -> None:
    """And the next call of the same plugin is answered, by the same worker or by a new one."""
    with pytest.raises(PolicyFailed) as caught:
        await bench.ask(f"bad.{policy}")
    assert type(caught.value) is kind
    assert (caught.value.plugin, caught.value.policy) == ("bad", f"bad.{policy}")
    assert reason in caught.value.reason
    assert (await bench.ask("bad.forks")).children == (3, 4)


async def test_a_policy_that_cannot_decide_is_heard_and_not_blamed(bench: Bench) -> None:
    """Its words come through as they are, however often, and the plugin is not suspended for them."""
    for _ in range(6):
        with pytest.raises(PolicyUndecided) as caught:
            await bench.ask("bad.undecided")
    assert str(caught.value) == "policy 'bad.undecided' cannot decide: no unit below Company has a size"
    assert bench.workers.breakers == {}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("huge_number", "the value 'v' has too many digits; round it"),
        ("half_a_letter", "the text of an explanation holds U+D800, half of a surrogate pair, which cannot be stored"),
        ("unreadable_error", "it raised ValueError: \ufffdxxx"),
    ],
)
async def test_what_cannot_be_stored_is_the_plugins_failure(bench: Bench, policy: str, reason: str) -> None:
    """It is told at once, in words that can be shown, and the breaker counts it."""
    began = time.monotonic()
    with pytest.raises(PolicyFailed) as caught:
        await bench.workers.call(
            "bad",
            "allocate",
            policy,
            bench.request,
            company_id=1,
            deadline=8.0,
            check=lambda answer: judged(answer, AllocationResult, bench.request),
        )
    assert reason in caught.value.reason
    assert len(caught.value.reason.encode()) < 2100
    assert time.monotonic() - began < 6
    assert bench.workers.breaker("bad", 1).failures == 1


async def test_an_exception_brings_its_trace_as_a_note(bench: Bench) -> None:
    """For the log; the line of the plugin is in it."""
    with pytest.raises(PolicyFailed) as caught:
        await bench.ask("bad.raises")
    assert "raise Own" in caught.value.__notes__[0]


@pytest.mark.parametrize("policy", ["hangs", "ignores_signals"])
async def test_a_hang_ends_at_the_deadline(bench: Bench, policy: str) -> None:
    """The worker is killed, also one that ignores signals, and the next call is answered by another."""
    await bench.workers.describe("bad")
    (hung,) = bench.workers.pids["bad"]
    begin = time.monotonic()
    with pytest.raises(PolicyTimedOut, match=r"no answer within 0\.5 seconds"):
        await bench.ask(f"bad.{policy}", deadline=0.5)
    assert 0.45 < time.monotonic() - begin < 1.0
    assert (await bench.ask("bad.forks")).children == (3, 4)
    assert hung not in bench.workers.pids["bad"]
    assert not psutil.pid_exists(hung)


async def test_just_under_the_deadline_is_in_time(bench: Bench) -> None:
    """A call of 0.6 seconds with 1 second is answered."""
    await bench.workers.describe("bad")
    assert (await bench.ask("bad.slow", deadline=1.0)).children == (1, 2)


async def test_a_policy_cannot_change_the_servers_request(bench: Bench) -> None:
    """It works on a copy."""
    before = deepcopy(bench.request)
    assert (await bench.ask("bad.mutates")).children == (1, 1)
    assert bench.request == before
    assert bench.request.children[0].achieved == (300, 100)


async def test_too_much_of_the_processor_is_stopped(made: Made) -> None:
    """Long before the deadline; the time counts from the call, so that calls of the same worker do not add up."""
    bench = made(processor_seconds=1)
    for _ in range(3):
        await bench.ask("bad.burns_a_little")
    with pytest.raises(PolicyTimedOut, match="more than 1 seconds of processor time"):
        await bench.ask("bad.many_threads", deadline=20)


async def test_what_a_plugin_prints_goes_nowhere(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither to the server's output nor into the conversation; its input is empty."""
    assert (await bench.ask("bad.prints")).children == (1, True)
    assert capfd.readouterr() == ("", "")


async def test_a_forked_copy_does_not_answer(bench: Bench) -> None:
    """The copy that returns from the policy ends, and the worker goes on alone."""
    for _ in range(5):
        assert (await bench.ask("bad.forks")).children == (3, 4)
    (worker,) = bench.workers.pids["bad"]
    await gone([child.pid for child in psutil.Process(worker).children()])


async def test_children_end_with_the_worker(bench: Bench) -> None:
    """Forked and started ones, when the worker dies as well as when it is shut down."""
    pids = (await bench.ask("bad.leaves_children")).children
    assert pids is not None
    assert all(psutil.pid_exists(int(pid)) for pid in pids)
    with pytest.raises(PolicyCrashed):
        await bench.ask("bad.exits")
    later = (await bench.ask("bad.leaves_children")).children
    assert later is not None
    await bench.workers.close()
    await gone([int(pid) for pid in (*pids, *later)])


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("imports_missing", "cannot be imported: ModuleNotFoundError: No module named 'a_module_that_is_nowhere'"),
        ("exits_at_import", "while it was loaded, its worker exited with code 0"),
        ("hoards_at_import", "it wants more memory than a worker may have, while it is loaded"),
        ("raises_at_import", "cannot be imported: SystemExit: not today"),
        ("bad_hook", "unknown hook quotaloom_alocation_rules (did you mean quotaloom_allocation_rules?)"),
    ],
)
async def test_a_plugin_that_cannot_be_loaded_says_why(bench: Bench, plugin: str, reason: str) -> None:
    """To who describes it and to who calls it."""
    with pytest.raises(PluginUnavailable) as described:
        await bench.workers.describe(plugin)
    with pytest.raises(PluginUnavailable) as called:
        await bench.ask(f"{plugin}.rule")
    assert described.value.reason == called.value.reason
    assert str(called.value).startswith(f"plugin {plugin!r}: {reason}")
    assert bench.workers.pids[plugin] == ()


async def test_a_plugin_that_hangs_while_it_is_loaded_is_given_up(made: Made) -> None:
    """After the seconds that a start may take."""
    bench = made(start_seconds=1)
    with pytest.raises(PluginUnavailable, match="it was not loaded within 1 seconds"):
        await bench.workers.describe("hangs_at_import")
    assert bench.workers.pids["hangs_at_import"] == ()
