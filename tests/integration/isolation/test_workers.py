"""What workers are asked for, what they know, and when they begin and end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.isolation.descriptors import PluginSource
from quotaloom.policies.isolation.errors import PluginUnavailable, WorkersClosed
from quotaloom.policies.isolation.workers import PluginWorkers, expecting
from quotaloom.policies.verdicts import ParameterProblem, ParametersVerdict
from quotaloom_sdk import Need
from tests.integration.isolation.conftest import Bench, Clock, Made, stored
from tests.integration.isolation.endings import gone
from tests.integration.isolation.plugins import IMPORTS


async def test_a_plugin_is_described_without_being_imported(bench: Bench) -> None:
    """Everything that an admin's form needs comes from the worker."""
    found = await bench.workers.describe("good")
    assert (found.name, found.source.distribution, found.source.version) == ("good", "acme-rules", "1.2")
    assert found.api_version == "1.0"
    policy, listener = found.policies
    assert (policy.key, policy.kind, policy.title, policy.needs) == (
        "by_year",
        "allocation",
        "By year",
        frozenset({Need.HISTORY}),
    )
    assert policy.parameters_schema["properties"]["factor"]["description"] == "Times what was achieved."
    assert (listener.key, listener.kind, listener.topics) == ("ear", "listener", ("target.published",))
    assert found.graphql == ("Fields",)
    assert "good_rules" not in sys.modules


async def test_parameters_are_validated_in_the_worker(bench: Bench) -> None:
    """Defaults are filled in; problems come with place, type, words and what was given."""
    validate = bench.workers.validate_parameters
    good = await validate("good", "by_year", {}, company_id=1, deadline=8)
    bad = await validate("good", "by_year", {"factor": 0}, company_id=1, deadline=8)
    assert good == ParametersVerdict({"factor": 2})
    problem = ParameterProblem(("factor",), "greater_than_equal", "Input should be greater than or equal to 1", "0")
    assert bad == ParametersVerdict(None, (problem,))
    assert bench.workers.breaker("good", 1).failures == 0


async def test_stored_parameters_become_the_policys_own(bench: Bench) -> None:
    """Five times 400 and 100; parameters that are not valid any more are a failure that says so."""
    assert (await bench.ask("good.by_year", parameters={"factor": 5})).children == (2000, 500)
    with pytest.raises(PolicyFailed, match=r"its parameters are not valid: factor: .* \(given 0\)"):
        await bench.ask("good.by_year", parameters={"factor": 0})


async def test_a_listener_hears_in_the_worker(bench: Bench) -> None:
    """With plain values as well as with requests."""
    heard = await bench.workers.call(
        "good", "listen", "ear", {"id": "7"}, company_id=1, deadline=8, check=expecting(tuple)
    )
    assert heard == ("heard", {"id": "7"})


async def test_a_policy_is_not_asked_for_what_its_kind_cannot(bench: Bench) -> None:
    """The error names kind and function."""
    with pytest.raises(PolicyFailed, match="it is of kind 'allocation' and cannot credit"):
        await bench.workers.call(
            "good", "credit", "by_year", stored({}), company_id=1, deadline=8, check=expecting(tuple)
        )


async def test_nothing_of_the_server_is_in_a_worker(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in its environment, as it is and as it was at its start, command line, open files or modules."""
    monkeypatch.setenv("QUOTALOOM_DATABASE_URL", "postgresql://me:hunter2@db")
    monkeypatch.setattr(sys, "argv", ["quotaloom", "--token=hunter2"])
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    text = (await made().ask("bad.looks_around")).explanation.text
    assert "hunter2" not in text
    assert "QUOTALOOM_" not in text
    inherited = os.readlink(f"/proc/self/fd/{reading}")
    assert inherited not in text
    assert "socket:" not in text
    assert not {"quotaloom_server", "asyncpg", "tortoise", "strawberry", "pytest"} & set(text.splitlines())
    os.close(reading)
    os.close(writing)


async def test_an_unused_worker_ends_and_the_next_call_starts_another(made: Made) -> None:
    """After the idle seconds no process is left; workers begin only when they are asked for."""
    bench = made(idle_seconds=0.3)
    assert bench.workers.pids == {"good": (), "bad": (), "hostile": (), **dict.fromkeys(IMPORTS, ())}
    await bench.ask("good.by_year")
    first = bench.workers.pids["good"]
    assert len(first) == 1
    await gone([*first])
    assert not any(bench.workers.pids.values())
    assert (await bench.ask("good.by_year")).children == (800, 200)
    assert bench.workers.pids["good"] != first


async def test_a_worker_killed_while_it_is_idle_is_replaced(bench: Bench) -> None:
    """As the system does when memory runs short; the next call notices nothing."""
    await bench.ask("good.by_year")
    (first,) = bench.workers.pids["good"]
    os.kill(first, signal.SIGKILL)
    await gone([first])
    assert (await bench.ask("good.by_year")).children == (800, 200)


async def test_closing_ends_every_worker_and_call(made: Made) -> None:
    """Calls under way, waiting and later ones are told; no process is left."""
    bench = made()
    await bench.ask("good.by_year")
    await bench.workers.describe("bad")
    pids = [pid for plugin in ("good", "bad") for pid in bench.workers.pids[plugin]]
    calls = [asyncio.create_task(bench.ask("bad.hangs", deadline=30)) for _ in range(2)]
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    await bench.workers.close()
    assert time.monotonic() - begin < 2
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in ended] == [WorkersClosed, WorkersClosed]
    with pytest.raises(WorkersClosed):
        await bench.ask("good.by_year")
    assert len(pids) == 2
    await gone(pids)


async def test_an_unknown_plugin_is_told_with_those_there_are(folder: Path) -> None:
    """And two of one name are refused."""
    async with PluginWorkers([PluginSource("good", "good_rules")], clock=Clock()) as workers:
        with pytest.raises(PluginUnavailable, match="it has no workers here; there are: good"):
            await workers.describe("acme")
    with pytest.raises(ValueError, match="two plugins are named 'good'"):
        PluginWorkers([PluginSource("good", "a"), PluginSource("good", "b")], clock=Clock())


_SERVER = """
import asyncio, datetime, sys
from quotaloom.policies.isolation.descriptors import PluginSource
from quotaloom.policies.isolation.workers import PluginWorkers

async def main():
    sources = [PluginSource("bad", "bad_rules"), PluginSource("good", "good_rules")]
    workers = PluginWorkers(sources, clock=datetime.datetime.now, import_path=(sys.argv[1],))
    await workers.describe("good")
    await workers.call("bad", "allocate", "hangs_with_children", None, company_id=1, deadline=100, check=print)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone tells of a parent's death")
async def test_a_killed_server_leaves_nothing_behind(folder: Path) -> None:
    """Neither idle nor busy workers nor what they have forked and started."""
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", _SERVER, str(folder))
    written = folder / "pids"
    try:
        for _ in range(400):
            if written.exists() and len(written.read_text().split()) == 3:
                break
            await asyncio.sleep(0.025)
        family = [process.pid for process in psutil.Process(server.pid).children(recursive=True)]
        assert len(family) == 4
        assert set(map(int, written.read_text().split())) < set(family)
    finally:
        server.kill()
        await server.wait()
    await gone(family)
