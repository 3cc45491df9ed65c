"""Whoever loses a right while what he asked for has to wait changes nothing by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from quotaloom.funnels.commands.customers import update_customer
from quotaloom.organizations.terms import HEADSHIP, HOLDING, TermKind, end_terms_of_member
from quotaloom.ownership.ledger import hold_all
from quotaloom.ownership.owners import Movement, RecordName
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.policies.host import PolicyHost
from quotaloom.pool.chains import set_chain
from quotaloom.pool.claiming import claim_records
from quotaloom.pool.commands import hold_pool, update_pool
from quotaloom.pool.exempting import exempt_records
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_out import hand_out
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.releasing import release_records
from tests.database_activity import overtaken
from tests.integration.funnels.floors import HOST
from tests.integration.pool.seas import Sea, sea_for
from tests.integration.pool.test_handing_out import switch_on

Ending = Callable[[Sea], Awaitable[object]]
Asking = Callable[[Sea, RecordName], Awaitable[object]]


def no_longer(kind: TermKind, who: str) -> Ending:
    """Somebody heads or holds nothing from today on."""

    async def end(sea: Sea) -> None:
        await sea.work.write(
            lambda transaction: end_terms_of_member(transaction, kind, sea.floor.members[who], sea.day)
        )

    return end


def pool_without(**people: tuple[int, ...]) -> Ending:
    """The pool has other people."""
    return lambda sea: update_pool(sea.work, sea.pool, people)


def bob(sea: Sea) -> Recipient:
    """Bob, who gets something."""
    return Recipient(sea.floor.members["bob"])


ENDED: dict[str, tuple[Ending, bool, Asking]] = {
    "release": (
        no_longer(HOLDING, "ann"),
        True,
        lambda sea, record: release_records(sea.of("ann"), [record], "No time"),
    ),
    "transfer": (
        no_longer(HEADSHIP, "hal"),
        True,
        lambda sea, record: transfer_records(sea.of("hal"), [record], bob(sea), Giving(Movement.TRANSFER)),
    ),
    "hand over": (
        no_longer(HEADSHIP, "hal"),
        True,
        lambda sea, _: hand_over_records(sea.of("hal"), HandOver(sea.floor.members["ann"], [bob(sea)])),
    ),
    "exempt": (
        pool_without(admin_ids=()),
        True,
        lambda sea, record: exempt_records(sea.of("wu"), [record], "A good one"),
    ),
    "assign": (
        pool_without(admin_ids=()),
        False,
        lambda sea, record: assign_records(sea.of("wu"), [record], bob(sea), Giving(Movement.ASSIGN)),
    ),
    "claim": (
        pool_without(unit_ids=()),
        False,
        lambda sea, record: claim_records(sea.of("bob"), [record]),
    ),
    "change": (
        no_longer(HOLDING, "ann"),
        True,
        lambda sea, record: update_customer(sea.of("ann"), record.id, {"sector": "Energy"}),
    ),
}
"""How a right ends, whether Ann has the record then, and what is asked for by that right."""


@pytest.mark.parametrize("what", ENDED)
async def test_a_right_is_asked_for_once_the_record_is_free(database: Database, admin_url: str, what: str) -> None:
    """A customer is busy; whoever waits for it has no right to it any more by the time at which it is free."""
    ends, is_held, asks = ENDED[what]
    sea = await sea_for(database)
    (record,) = await sea.customers(1)
    if is_held:
        await sea.claim("ann", record)
    before = await movements(sea)

    async def hold(transaction: Transaction) -> None:
        await hold_all(transaction, [record])
        await transaction.execute("SELECT FROM customer WHERE id = $1 FOR UPDATE", record.id)

    waiting = await overtaken(admin_url, sea.work, hold, lambda: asks(sea, record), lambda: ends(sea))
    with pytest.raises((NotFound, AccessDenied)):
        await waiting
    assert await movements(sea) == before


async def test_who_looks_after_a_pool_no_longer_lays_down_its_policies(database: Database, admin_url: str) -> None:
    """Wu's change waits for the one by which the pool is no longer his."""
    sea = await sea_for(database)

    async def take(transaction: Transaction) -> None:
        await hold_pool(transaction, sea.pool)
        await transaction.execute("DELETE FROM pool_admin")

    def asks() -> Awaitable[object]:
        return set_chain(sea.of("wu"), HOST.registry, sea.pool, ["assignment.round_robin"])

    waiting = await overtaken(admin_url, sea.work, take, asks)
    with pytest.raises(NotFound):
        await waiting
    assert (await sea.floor.one("SELECT policies FROM pool"))["policies"] is None


class Slow(PolicyHost):
    """The product's own plugins, before whose first answer something happens."""

    def __init__(self, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(HOST.discovery)
        self._happens: Callable[[], Awaitable[object]] | None = happens

    async def ask(self, *arguments: Any, **more: Any) -> list[Any]:
        """As they answer, then."""
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()
        return await super().ask(*arguments, **more)


async def test_who_looks_after_a_pool_no_longer_hands_out_what_policies_chose(database: Database) -> None:
    """While they are asked, the pool is given to somebody else: nothing goes out in Wu's name."""
    sea = await sea_for(database)
    await switch_on(sea.floor, "round_robin")
    await sea.customers(2)
    before = await movements(sea)
    host = Slow(lambda: pool_without(admin_ids=())(sea))
    with pytest.raises(NotFound):
        await hand_out(sea.of("wu"), host, sea.pool)
    assert await movements(sea) == before


async def movements(sea: Sea) -> int:
    """How many entries the ledger of owners has, how many records are exempt, and how many customers have a sector."""
    row = await sea.floor.one(
        "SELECT (SELECT count(*) FROM ownership_entry) + (SELECT count(*) FROM ownership WHERE exempt)"
        " + (SELECT count(sector) FROM customer) AS number"
    )
    return int(row["number"])
