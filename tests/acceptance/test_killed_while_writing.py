"""A server that is killed in the middle of writes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from quotaloom.achievements.entries import entry_key
from quotaloom.achievements.verification import verify_balances
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.database import Database
from quotaloom.platform.embedded import EmbeddedPostgres
from tests.integration.server.conftest import new_home
from tests.integration.server.processes import Home, Server, wait_for

WRITERS = 4
POST = "mutation ($input: PostAchievementsInput!) { postAchievements(input: $input) { posted errors { message } } }"


def kill_the_server(home: Home, server: Server) -> None:
    """End the serving process as the kernel would; its database goes on."""
    server.process.kill()


def kill_database_and_server(home: Home, server: Server) -> None:
    """End PostgreSQL first, so that the next start recovers from its log, then the serving process."""
    (postgres,) = home.processes("/bin/postgres")
    os.kill(postgres, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(postgres))
    server.process.kill()


@dataclass
class Writers:
    """Several clients that post one order of 1.00 after the other until nobody answers."""

    server: Server
    token: str
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def write(self, writer: int) -> None:
        """Post until the connection breaks."""
        headers = {"authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.server.home.url, headers=headers, timeout=30) as client:
            for number in range(100_000):
                key = f"{writer}-{number}"
                self.sent.append(key)
                try:
                    answer = client.post("/graphql", json={"query": POST, "variables": posting(key)}).json()
                except httpx.TransportError:
                    return
                if answer.get("data") != {"postAchievements": {"posted": 1, "errors": []}}:
                    return  # the database was gone before the server
                self.acknowledged.append(key)


def posting(*keys: str) -> dict[str, Any]:
    """An order of 1.00 for each key."""
    order = {
        "metric": "revenue",
        "amount": "1.00",
        "businessDate": "2026-04-01",
        "source": "ORDER",
        "credits": [{"positionKey": "seat"}],
    }
    return {"input": {"items": [{**order, "sourceKey": key, "idempotencyKey": key} for key in keys]}}


def do(server: Server, token: str, mutation: str, selection: str, **input: object) -> dict[str, Any]:
    """The payload of a mutation that must not be refused."""
    type_name = f"{mutation[0].upper()}{mutation[1:]}Input"
    answer = server.ask(
        f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ {selection} errors {{ message }} }} }}",
        token,
        input=input,
    )
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][mutation]
    assert payload["errors"] == []
    return payload


def plant(server: Server, token: str) -> None:
    """One position under the root, held by Ann for ever."""
    root_id = server.ask("{ company { root { id } } }", token)["data"]["company"]["root"]["id"]
    seat = do(
        server, token, "createOrgUnit", "orgUnit { id }", name="Seat", key="seat", kind="POSITION", parentId=root_id
    )
    ann = do(server, token, "createMember", "member { id }", name="Ann")
    holding = {"positionId": seat["orgUnit"]["id"], "memberId": ann["member"]["id"]}
    do(server, token, "appointHolder", "orgUnit { id }", **holding)


async def keys_in_the_ledger(home: Home) -> tuple[set[str], int]:
    """The keys of all entries, and in how many places the balances are not the ledger replayed."""
    with EmbeddedPostgres(home.data) as postgres:
        database = Database(postgres.url("quotaloom", "quotaloom"))
        await database.connect()
        company_id = await company_id_of(database, "acme")
        assert company_id is not None
        async with database.snapshot(company_id) as snapshot:
            rows = await snapshot.fetch("SELECT idempotency_key FROM achievement_entry")
            differences = await verify_balances(snapshot)
        await database.close()
    return {row["idempotency_key"] for row in rows}, len(differences)


@pytest.mark.parametrize("kill", [kill_the_server, kill_database_and_server])
async def test_nothing_acknowledged_is_lost(kill: Callable[[Home, Server], None]) -> None:
    """Every posting that was answered is in the ledger, balances are the ledger replayed, and sending all again
    posts the missing ones alone: the position has exactly 1.00 for each key."""
    with new_home() as home:
        server = home.serve()
        server.found_company("acme")
        token = home.run("token", "--company", "acme").stdout.strip()
        plant(server, token)
        writers = Writers(server, token)
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(writers.write, number) for number in range(WRITERS)]
            wait_for(lambda: len(writers.acknowledged) >= 60)
            kill(home, server)
        for one in writing:
            one.result()
        server.process.communicate()

        restarted = home.serve()
        stored, differences = await keys_in_the_ledger(home)
        assert {entry_key(key, 0) for key in writers.acknowledged} <= stored
        assert stored <= {entry_key(key, 0) for key in writers.sent}
        assert differences == 0

        restarted.ask(POST, token, **posting(*writers.sent))
        answer = restarted.ask('{ orgUnit(key: "seat") { attainment(period: "2026") { achieved } } }', token)
        assert answer["data"]["orgUnit"]["attainment"]["achieved"] == f"{len(writers.sent)}.00"
        restarted.end()
        assert home.is_left_alone()
