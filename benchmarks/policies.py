"""Calling policies, and choosing among many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.companies import plant
from benchmarks.databases import fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, run
from benchmarks.plugin_folders import install, sources
from quotaloom.founding import FROM_THE_BEGINNING
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.policies.allocating import ask_for_weights
from quotaloom.policies.describing import describe_all
from quotaloom.policies.discovery import Discovery, Plugin, discover
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import select_policy, store_setting, switched_on
from quotaloom_allocation import even
from quotaloom_sdk import AllocationRequest, Parameters
from quotaloom_sdk.testing import allocation_request, child

TITLE = "Policies"
CALLS = 2_000
INSTALLED = 100
SELECTIONS = 500


def measure(bench: Bench) -> Iterator[Row]:
    """One call, one choice, one start."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="quotaloom-plugins-") as folder:
        Path(folder).chmod(0o755)
        bench.tell(f"{TITLE}: calls")
        run(_calls(install(Path(folder, "one"), 1), watch))
        yield from _rows_of_calls(watch)
        bench.tell(f"{TITLE}: choosing among {INSTALLED} plugins")
        run(_selections(bench, watch))
        yield compared(
            f"choosing the company's policy with {INSTALLED} plugins installed and on",
            watch.median("of many"),
            "with one",
            watch.median("of one"),
        )


def _rows_of_calls(watch: Stopwatch) -> Iterator[Row]:
    bare = watch.median("bare")
    for place in ("here", "worker"):
        name = {"here": "in the server", "worker": "in a worker"}[place]
        yield Row(
            f"a policy call {name}, 10 children and 12 months, median",
            f"{watch.median(place) * 1e6:,.0f} µs",
            "the bare function",
            f"{bare * 1e6:,.0f} µs",
            f"{watch.median(place) / bare:,.0f} ×",
        )
        yield Row(f"the same, 99 of 100 calls {name}", f"{watch.p99(place) * 1e6:,.0f} µs")


async def _calls(folder: Path, watch: Stopwatch) -> None:
    built_in = PolicyHost(discover())
    (source,) = sources(1)
    apart = await describe_all(Discovery((), (), (source,)), import_path=(str(folder),))
    request = allocation_request(*(child(f"Unit {number}") for number in range(10)))
    async with PolicyHost(apart, import_path=(str(folder),)) as workers:
        here = SelectedPolicy(built_in.registry.get("allocation.even"), {})
        there = SelectedPolicy(workers.registry.get("plugin_0.even"), {})
        await _ask(workers, there, request)
        for _ in range(CALLS):
            with watch.lap("bare"):
                even.even(request)
            with watch.lap("here"):
                await _ask(built_in, here, request)
            with watch.lap("worker"):
                await _ask(workers, there, request)


async def _ask(host: PolicyHost, selected: SelectedPolicy, request: AllocationRequest[Parameters]) -> None:
    await ask_for_weights(host, selected, [request], company_id=1)


async def _selections(bench: Bench, watch: Stopwatch) -> None:
    (pattern,) = (plugin for plugin in discover().plugins if plugin.name == "allocation")
    many = PolicyHost(Discovery(tuple(_renamed(pattern, number) for number in range(INSTALLED)), ()))
    one = PolicyHost(discover())
    async with fresh_database(bench.server) as fresh:
        work = (await plant(fresh.database, (1,))).work
        for _ in range(SELECTIONS):
            async with work.snapshot() as snapshot:
                await snapshot.fetch("SELECT 1")
                with watch.lap("of one"):
                    await select_policy(snapshot, one.registry, "allocation", work.today, None)
        for number, policy in enumerate(many.registry):
            await work.write(partial(_switch_on, number, policy))
        for _ in range(SELECTIONS):
            async with work.snapshot() as snapshot:
                await snapshot.fetch("SELECT 1")
                with watch.lap("of many"):
                    await select_policy(snapshot, many.registry, "allocation", work.today, "plugin_99.even")


async def _switch_on(number: int, policy: RegisteredPolicy, transaction: Transaction) -> None:
    await store_setting(transaction, switched_on(policy, {}, number), FROM_THE_BEGINNING)


def _renamed(plugin: Plugin, number: int) -> Plugin:
    return replace(plugin, name=f"plugin_{number}")
