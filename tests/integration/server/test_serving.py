"""`quotaloom serve` from its start to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedPostgres
from tests.integration.server.processes import Home, wait_for

WORKER = "quotaloom_server.worker"


def test_a_first_run_serves_and_leaves_nothing_behind(home: Home) -> None:
    """On an empty folder it comes up, answers /health and the type name without a token, and nothing else."""
    server = home.serve()
    assert server.is_healthy()
    assert server.ask("{ __typename }")["data"] == {"__typename": "Query"}
    (error,) = server.ask("{ viewer { subject } }")["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Stopped." in server.end(signal.SIGTERM)
    assert home.is_left_alone()


def test_a_second_run_keeps_the_data(founded: Home) -> None:
    """A company founded in one run is there in the next, and the command that it offers gives its figures."""
    server = founded.serve()
    assert server.paste()["data"]["company"]["root"]["name"] == "Acme"
    server.end()


@pytest.mark.parametrize(
    ("workers", "numbers"),
    [
        ("1", (signal.SIGINT,)),
        ("1", (signal.SIGINT, signal.SIGINT)),
        ("2", (signal.SIGTERM, signal.SIGTERM, signal.SIGINT)),
    ],
)
def test_signals_end_everything(founded: Home, workers: str, numbers: tuple[signal.Signals, ...]) -> None:
    """Ctrl-C and SIGTERM, once or in haste, end the server, its workers and its database within seconds."""
    server = founded.serve("--workers", workers)
    began = time.monotonic()
    server.end(*numbers)
    assert time.monotonic() - began < 10
    assert founded.is_left_alone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_first_start_ends_it(home: Home, number: signal.Signals) -> None:
    """While the database is made and migrated, too, the end is a good one, and the next start goes on from there."""
    starting = home.start("serve")
    assert starting.stderr is not None
    assert "0001_initial" in starting.stderr.readline()
    starting.send_signal(number)
    _, said = starting.communicate(timeout=30)
    assert (starting.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    assert home.is_left_alone()
    assert "0002_companies_apart" in home.serve().end()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_request_under_way_is_answered(founded: Home, workers: str) -> None:
    """A query that waits for a lock while SIGTERM comes gets its answer once the lock is gone."""
    server = founded.serve("--workers", workers, "--no-jobs")  # a worker of jobs waits for locks, too
    with EmbeddedPostgres(founded.data) as postgres, ThreadPoolExecutor() as pool:
        connection = await asyncpg.connect(**credentials(postgres.url("quotaloom", SUPERUSER)))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE company IN ACCESS EXCLUSIVE MODE")
        answer = asyncio.wrap_future(pool.submit(server.ask, "{ company { key } }", server.token))
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await connection.execute("SELECT pg_sleep(0.02)")
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        await transaction.rollback()
        assert (await answer)["data"] == {"company": {"key": "acme"}}
        await connection.close()
    server.end()
    assert founded.is_left_alone()


def test_a_worker_that_dies_is_replaced(founded: Home) -> None:
    """Of two serving processes one is killed: another takes its place, and requests are answered."""
    server = founded.serve("--workers", "2")
    killed, kept = founded.processes(WORKER)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: len(set(founded.processes(WORKER)) - {killed, kept}) == 1)
    assert kept in founded.processes(WORKER)
    assert server.ask("{ company { key } }", server.token)["data"] == {"company": {"key": "acme"}}
    assert "starting another one" in server.end()
    assert founded.is_left_alone()


def test_a_killed_server_leaves_no_worker_and_the_next_takes_over(founded: Home) -> None:
    """After SIGKILL the workers end by themselves; the database that stays behind is adopted and ended."""
    server = founded.serve("--workers", "2")
    server.process.kill()
    server.process.communicate()
    wait_for(lambda: not founded.processes(WORKER))
    (orphan,) = founded.processes("postgres")
    restarted = founded.serve()
    assert orphan in founded.processes("postgres")
    restarted.end()
    assert founded.is_left_alone()


def test_a_busy_port_is_told_before_anything_else(home: Home) -> None:
    """Nothing is made where the port is taken; the message names it and another one."""
    with socket.create_server(("127.0.0.1", home.port)):
        result = home.run("serve")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Port {home.port} of 127.0.0.1 is busy")
    assert f"--port {home.port + 1}" in result.stderr
    assert not home.data.exists()


async def test_production_shows_no_token(home: Home, database_url: str, admin_url: str) -> None:
    """With databases of its own and the production profile only the address is told, and no introspection given."""
    server = home.serve(
        QUOTALOOM_PROFILE="production",
        QUOTALOOM_DATABASE_URL=database_url,
        QUOTALOOM_ADMIN_DATABASE_URL=admin_url,
    )
    assert "eyJ" not in server.greeting
    assert server.is_healthy()
    assert server.ask("{ __schema { queryType { name } } }")["errors"]
    assert "eyJ" not in server.end()
    assert not (home.data / "postgres").exists()
