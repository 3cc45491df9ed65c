"""An installation whose processes are killed by the dozen: its database, one company, and who may write there."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from quotaloom.platform.database import Database
from quotaloom.platform.migrating import migrate
from quotaloom.platform.settings import load_settings
from quotaloom.platform.tokens import Identity
from quotaloom_server import bearers
from quotaloom_server.databases import ROLE
from quotaloom_server.keys import token_authority
from tests.acceptance.crashes.memory import Memory

YEAR = 2026
ROOT = Path(__file__).parents[3]


@dataclass
class Planted:
    """The company `acme`: two seats with holders, a plan of revenue, and a token of its admin."""

    token: str
    company_id: int
    metric_id: str
    plan_id: str
    root: str
    seats: tuple[str, str]


@dataclass
class Installation:
    """A database, and a nursery of processes that use it; `planted` is there once `plant` was called."""

    admin_url: str
    url: str
    home: Path
    listening: socket.socket
    nursery: subprocess.Popen[str]
    planted: Any = None
    memory: Memory = field(default_factory=Memory)
    alive: dict[int, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def start(self, kind: str) -> int:
        """A new process of a kind that the nursery knows, which is ready; its number."""
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(f"{kind}\n")
        self.nursery.stdin.flush()
        told = self.nursery.stdout.readline().strip()
        assert told.isdecimal(), f"a {kind} is not ready: {told or 'the nursery has ended'}"
        self.alive[int(told)] = kind
        return int(told)

    def send(self, number: int, signal_number: int) -> None:
        """Send a signal to one of its processes."""
        os.kill(number, signal_number)

    def is_gone(self, number: int) -> bool:
        """Whether a process has ended."""
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            self.alive.pop(number, None)
            return True
        return False

    def end(self) -> None:
        """End all processes; the database stays."""
        with suppress(BrokenPipeError):
            self.nursery.communicate(timeout=60)  # its input ends, so it does, and whatever it started
        self.kill_all()
        self.listening.close()

    def kill_all(self) -> None:
        """Kill whatever lives."""
        for number in list(self.alive):
            with suppress(ProcessLookupError):
                os.kill(number, 9)
        self.alive.clear()

    async def connected(self) -> Database:
        """The database as the application's role."""
        database = Database(self.url)
        await database.connect()
        return database


@contextmanager
def installed(server: Any, home: Path, database: str = "quotaloom") -> Iterator[Installation]:
    """An installation on a migrated database of a PostgreSQL server; nothing is served yet."""
    admin_url, url = server.url(database, server.superuser), server.url(database, ROLE)
    asyncio.run(migrate(admin_url, application_role=ROLE))
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUOTALOOM_")}
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.crashes.nursery", url, str(listening.fileno())],
        cwd=ROOT,
        env={**environment, "QUOTALOOM_DATA_DIR": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[listening.fileno()],
        text=True,
    )
    found = Installation(admin_url, url, home, listening, nursery)
    try:
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "open\n"
        found.planted = _planted(found)
        yield found
    finally:
        found.end()


def _planted(installation: Installation) -> Planted:
    authority = token_authority(load_settings(data_dir=installation.home))

    def token_of(identity: Identity) -> str:
        return authority.issue(identity, datetime.now(UTC), timedelta(hours=24))

    server = installation.start("server")
    with httpx.Client(base_url=installation.address, timeout=60) as client:
        client.headers["authorization"] = f"Bearer {token_of(bearers.operator())}"
        _do(client, "createCompany", "key", key="acme", name="Acme", currency="CNY", adminName="Ada")
        admin = asyncio.run(_admin(installation))
        token = token_of(admin)
        client.headers["authorization"] = f"Bearer {token}"
        planted = Planted(token, admin.company_id, *_company(client))
    installation.send(server, 9)
    return planted


async def _admin(installation: Installation) -> Identity:
    database = await installation.connected()
    try:
        company = await bearers.company_named(database, None, "acme")  # type: ignore[arg-type] # there is one
        return await bearers.first_admin(database, company, datetime.now(UTC))
    finally:
        await database.close()


def _company(client: httpx.Client) -> tuple[str, str, str, tuple[str, str]]:
    """The metric, the plan, the root and the seats, by their ids."""
    answer = client.post("/graphql", json={"query": "{ company { root { id } } metrics { id key } }"}).json()
    root = answer["data"]["company"]["root"]["id"]
    metric = next(one["id"] for one in answer["data"]["metrics"] if one["key"] == "revenue")
    seats = []
    for key in ("east", "west"):
        made = _do(client, "createOrgUnit", "orgUnit { id }", name=key, key=key, kind="POSITION", parentId=root)
        member = _do(client, "createMember", "member { id }", name=key.title())
        holding = {"positionId": made["orgUnit"]["id"], "memberId": member["member"]["id"]}
        _do(client, "appointHolder", "orgUnit { id }", **holding)
        seats.append(made["orgUnit"]["id"])
    plan = _do(client, "createPlan", "plan { id }", name="Plan", metricId=metric, fiscalYear=YEAR)
    return metric, plan["plan"]["id"], root, (seats[0], seats[1])


def _do(client: httpx.Client, mutation: str, selection: str, **input: object) -> dict[str, Any]:
    """The payload of a mutation that must not be refused."""
    type_name = f"{mutation[0].upper()}{mutation[1:]}Input"
    query = f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ {selection} errors {{ message }} }} }}"
    answer = client.post("/graphql", json={"query": query, "variables": {"input": input}}).json()
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][mutation]
    assert payload["errors"] == [], payload
    return payload
