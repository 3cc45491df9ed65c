"""Jobs of a whole installation: `quotaloom worker`, and the worker inside `quotaloom serve`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from subprocess import Popen

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedPostgres
from tests.integration.server.processes import Home, wait_for
from tests.unit.policies.installing import PluginFolder

_PURGED = "SELECT count(*) FROM quotaloom_jobs.job_log WHERE entrypoint = 'jobs.purge' AND status = 'successful'"


def purges(home: Home) -> int:
    """How often the log of jobs was purged, in a home whose database runs."""

    async def ask(url: str) -> int:
        connection = await asyncpg.connect(**credentials(url))
        try:
            number: int = await connection.fetchval(_PURGED)
            return number
        finally:
            await connection.close()

    with EmbeddedPostgres(home.data) as postgres:
        return asyncio.run(ask(postgres.url("quotaloom", SUPERUSER)))


def forget_purges(home: Home) -> None:
    """Let the purge be due again."""

    async def forget(url: str) -> None:
        connection = await asyncpg.connect(**credentials(url))
        await connection.execute("DELETE FROM quotaloom_jobs.schedule; DELETE FROM quotaloom_jobs.job_log")
        await connection.close()

    with EmbeddedPostgres(home.data) as postgres:
        asyncio.run(forget(postgres.url("quotaloom", SUPERUSER)))


EAR = """
    from pathlib import Path
    from quotaloom_sdk import EventListener, Parameters, hookimpl

    QUOTALOOM_API = "1.0"

    def note(event):
        with (Path(__file__).parent / "heard").open("a") as file:
            file.write(f"{event.topic} {event.payload['policy']}\\n")

    @hookimpl
    def quotaloom_event_listeners():
        yield EventListener(
            key="ear", title="Ear", description="Hears.", parameters=Parameters,
            topics=("policy.switched",), listen=note,
        )
"""

SWITCH = (
    """mutation ($policy: String!) { switchPolicy(input: {policy: $policy, active: true}) { errors { message } } }"""
)


@pytest.mark.parametrize("apart", [False, True])
def test_a_plugin_in_a_worker_process_hears_what_happens(founded: Home, tmp_path: Path, apart: bool) -> None:
    """Its own switch and the one that follows, whether the server delivers events or a worker beside it."""
    PluginFolder(tmp_path).install(EAR, name="beta", distribution="beta-rules")
    settings = {"PYTHONPATH": str(tmp_path), "QUOTALOOM_JOBS": str(not apart).lower()}
    server = founded.serve(**settings)
    worker = founded.start("worker", **settings) if apart else None
    heard = tmp_path / "heard"
    for policy in ("beta.ear", "allocation.growth"):
        answer = server.ask(SWITCH, server.token, policy=policy)
        assert answer["data"]["switchPolicy"] == {"errors": []}
    wanted = ["policy.switched beta.ear", "policy.switched allocation.growth"]
    wait_for(lambda: heard.exists() and heard.read_text().splitlines()[-2:] == wanted)
    server.end()
    if worker is not None:
        worker.terminate()
        worker.communicate(timeout=60)
    assert heard.read_text().splitlines()[-2:] == wanted


def said_by(process: Popen[str]) -> str:
    """The first line of a command."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_does_what_is_due_and_ends_when_it_is_told(founded: Home, number: signal.Signals) -> None:
    """Two workers share a database: what is due hourly is done once, and both end in order, the database after them."""
    forget_purges(founded)
    workers = [founded.start("worker") for _ in range(2)]
    assert [said_by(worker) for worker in workers] == ["Quotaloom does jobs. Ctrl-C ends it.\n"] * 2
    wait_for(lambda: purges(founded) == 1)
    for worker in workers:
        worker.send_signal(number)
        _, said = worker.communicate(timeout=60)
        assert (worker.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    assert purges(founded) == 1
    assert founded.is_left_alone()


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")])
def test_serving_does_jobs_too(founded: Home, arguments: tuple[str, ...]) -> None:
    """Without a further command what is due is done, once, however many processes serve."""
    forget_purges(founded)
    server = founded.serve(*arguments)
    wait_for(lambda: purges(founded) == 1)
    server.end()
    assert purges(founded) == 1


def test_serving_leaves_jobs_to_workers_where_it_is_told(founded: Home) -> None:
    """With --no-jobs, and with the setting, nothing is done until a worker comes."""
    forget_purges(founded)
    server = founded.serve("--no-jobs")
    second = founded.start("worker", QUOTALOOM_JOBS="false")
    said_by(second)
    wait_for(lambda: purges(founded) == 1)
    second.terminate()
    second.communicate(timeout=60)
    server.end()
    forget_purges(founded)
    server = founded.serve(QUOTALOOM_JOBS="false")
    assert server.is_healthy()
    server.end()
    assert purges(founded) == 0
