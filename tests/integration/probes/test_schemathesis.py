"""schemathesis before a server whose company has one of everything, as a member, as a head and as an admin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

from quotaloom.platform.database import Database
from tests.graph_client import GraphClient, Moment
from tests.integration.funnels.floors import NOON
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.worlds import World, small_world
from tests.integration.live.boards import live_server
from tests.integration.probes.generating import probed

UNLIMITED: Final = {"token_cost_per_minute": 10**12, "company_cost_per_minute": 10**12}


SIMPLEST: Final = 1
"""So many examples come before those that chance makes."""


@dataclass
class Probe:
    """Sends each operation as everybody, and notes how it was answered."""

    roles: Mapping[str, Mapping[str, str]]
    session: requests.Session = field(default_factory=requests.Session)
    requests: int = 0
    errors: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    """Mutations that were not refused at least once."""

    def send(self, case: Case[Any]) -> None:
        """Send it as everybody."""
        for role, headers in self.roles.items():
            response = case.call(headers=dict(headers), session=self.session)
            self.requests += 1
            answer = response.json() if response.status_code == 200 else {}
            faults = [error for error in answer.get("errors", ()) if _is_ours(error)]
            if response.status_code != 200 or faults:
                self.errors.append(f"{response.status_code} {faults} to a {role}: {case.body!r}")
            if answer.get("data") and _is_done(answer["data"]):
                self.done.add(case.operation.label)


def _is_ours(error: Mapping[str, Any]) -> bool:
    """Whether an error is the server's.

    Without variables, whatever is wrong with values is found out before anything is executed: an error of a field that
    is told as the caller's, such as that of a number too large to be written, is none of his.
    """
    code = error["extensions"]["code"]
    return code == "INTERNAL" or (code == "BAD_REQUEST" and "path" in error)


def _is_done(data: Mapping[str, Any]) -> bool:
    (payload,) = data.values()
    return isinstance(payload, dict) and payload.get("errors") == []


def send_all(schema: BaseSchema, probe: Probe, examples: int) -> None:
    """Send so many examples of each operation; the first that is made of each is the simplest, and left out.

    A single one is the same each time.
    """
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        _sender(found.ok(), probe.send, SIMPLEST + examples)()


def _sender(operation: Any, send: Callable[[Case[Any]], None], examples: int) -> Callable[[], None]:
    first = True

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=examples == SIMPLEST + 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def run(case: Case[Any]) -> None:
        nonlocal first
        if not first:
            send(case)
        first = False

    found: Callable[[], None] = run
    return found


def roles(graph: GraphClient, world: World) -> dict[str, Mapping[str, str]]:
    """Ann, who sells in the East, Hal, who leads it, and an admin; what one may do, those before him have tried."""
    company_id, members = world.floor.work.company.id, world.floor.members
    return {
        "member": graph.member(company_id, members["ann"]).headers,
        "head": graph.member(company_id, members["hal"]).headers,
        "admin": graph.admin(company_id, members["wu"]).headers,
    }


@pytest.mark.parametrize("examples", [1, pytest.param(100, marks=pytest.mark.soak)])
async def test_no_operation_ends_in_a_server_error(
    database: Database,
    database_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
    examples: int,
) -> None:
    """Queries and mutations with values of all kinds: each is answered, and nothing is logged as an error."""
    world = await small_world(database)
    async with live_server(database_url, tmp_path, Moment(NOON), **UNLIMITED) as server:
        probe = Probe(roles(server.graph, world))
        schema = probed(f"http://127.0.0.1:{server.port}/graphql", SCHEMA._schema, world)
        await asyncio.to_thread(send_all, schema, probe, examples)
    record_property("operations", schema.statistic.operations.total)
    record_property("requests", probe.requests)
    record_property("mutations done", len(probe.done))
    record_property("errors", len(probe.errors))
    assert probe.errors == []
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert probe.requests > 600 * examples
    assert len(probe.done) > 20
