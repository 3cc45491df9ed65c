"""schemathesis before a server whose company has one of everything, as a member, as a head and as an admin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import print_ast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.core.result import Ok

from quotaloom.platform.database import Database
from tests.graph_client import GraphClient, Moment
from tests.integration.funnels.floors import NOON
from tests.integration.graph.asking import SCHEMA
from tests.integration.graph.test_plugin_fields import admin_of
from tests.integration.graph.worlds import World, small_world
from tests.integration.live.boards import live_server
from tests.integration.probes.generating import ASKING, made_up, probed
from tests.integration.probes.sending import Probe
from tests.progress import Progress

UNLIMITED: Final = {"token_cost_per_minute": 10**12, "company_cost_per_minute": 10**12}

SIMPLEST: Final = 1
"""So many examples come before those that chance makes."""


def senders(probe: Probe, world: World) -> dict[str, tuple[SearchStrategy[Any], Callable[[Any], None]]]:
    """By the label of each operation, what is made of it and what sends that; subscriptions schemathesis leaves out."""
    schema = SCHEMA._schema
    made = made_up(schema, world)
    found: dict[str, tuple[SearchStrategy[Any], Callable[[Any], None]]] = {}
    for one in probed(f"http://127.0.0.1:{probe.port}/graphql", schema, made).get_all_operations():
        assert isinstance(one, Ok)
        found[one.ok().label] = one.ok().as_strategy(), probe.send
    assert schema.subscription_type is not None
    for name in schema.subscription_type.fields:
        label = f"Subscription.{name}"
        found[label] = made(label).map(print_ast), partial(probe.listen, label)
    return found


def send_all(probe: Probe, world: World, examples: int, progress: Progress) -> int:
    """Send so many examples of each operation; answers how many operations there are.

    The first that is made of each is the simplest, and left out. A single one is the same each time.
    """
    operations = senders(probe, world)
    for number, (label, (strategy, send)) in enumerate(operations.items()):
        progress(number, len(operations), label)
        _sender(strategy, send, SIMPLEST + examples)()
    progress(len(operations), len(operations), "done")
    return len(operations)


def _sender(strategy: SearchStrategy[Any], send: Callable[[Any], None], examples: int) -> Callable[[], None]:
    first = True

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=examples == SIMPLEST + 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(case: Any) -> None:
        nonlocal first
        if not first:
            send(case)
        first = False

    found: Callable[[], None] = run
    return found


async def roles(graph: GraphClient, world: World) -> dict[str, Mapping[str, str]]:
    """Ann, who sells in the East, Hal, who leads it, and an admin; what one may do, those before him have tried."""
    floor = world.floor
    found = {role: graph.member(floor.work.company.id, floor.members[name]) for role, name in ASKING.items()}
    return {role: one.headers for role, one in {**found, "admin": await admin_of(floor, graph)}.items()}


@pytest.mark.parametrize("examples", [1, pytest.param(100, marks=pytest.mark.soak)])
async def test_no_operation_ends_in_a_server_error(
    database: Database,
    database_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
    progress: Progress,
    examples: int,
) -> None:
    """Queries, mutations and subscriptions with values of all kinds: each is answered, and no error is logged."""
    world = await small_world(database)
    async with live_server(database_url, tmp_path, Moment(NOON), **UNLIMITED) as server:
        probe = Probe(server.port, await roles(server.graph, world))
        operations = await asyncio.to_thread(send_all, probe, world, examples, progress)
        assert await server.nobody_watches()
    done = {root: [one for one in probe.done if one.startswith(root)] for root in ("Query", "Mutation", "Subscription")}
    record_property("operations", operations)
    record_property("requests", probe.sent)
    record_property("requests done in full", probe.done.total())
    record_property("queries done", len(done["Query"]))
    record_property("mutations done", len(done["Mutation"]))
    record_property("subscriptions done", len(done["Subscription"]))
    record_property("server errors", len(probe.errors))
    assert probe.errors == []
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert "Query.plugins" in probe.done, "the admin is one"
    assert probe.sent == 3 * operations * examples
    assert len(done["Query"]) > 30
    assert len(done["Mutation"]) > 80
