"""Every customer and deal has an owner on record from its first moment on, and the ledger tells of every change."""

from __future__ import annotations

from datetime import date
from functools import partial

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.funnels.deals import OpportunityRow
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import NOON, TODAY, furnish
from tests.integration.ownership.replaying import replayed

ENTRIES = """
SELECT movement, at, moved_on, from_position_id, to_position_id, to_member_id, actor, actor_member_id, reason
FROM ownership_entry JOIN ownership ON ownership.id = ownership_id WHERE opportunity_id = $1 ORDER BY ownership_entry.id
"""


async def test_a_new_deal_is_its_positions_and_a_new_customer_nobodys(database: Database) -> None:
    """Ann opens a deal, one is opened for the vacant position, and a customer is entered."""
    floor = await furnish(database)
    deal, vacant = await floor.open("ann"), await floor.open("empty")
    customer = await create_customer(floor.work, NewCustomer("Contoso"))
    assert await replayed(floor.work) == {
        ("opportunity", deal): (None, floor.members["ann"], floor.units["ann"]),
        ("opportunity", vacant): (None, None, floor.units["empty"]),
        ("customer", customer): (None, None, None),
    }
    entry = await floor.one(ENTRIES, deal)
    assert (entry["movement"], entry["at"], entry["moved_on"]) == ("create", NOON, TODAY)
    assert (entry["from_position_id"], entry["to_position_id"]) == (None, floor.units["ann"])
    stored = await floor.one("SELECT created_on FROM customer")
    assert stored["created_on"] == TODAY


async def test_a_transfer_is_an_entry_of_the_ledger(database: Database) -> None:
    """Hal hands Ann's deal over to Bob: the deal, its owner and the ledger say so, with the reason."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await transfer_opportunity(floor.as_member("hal"), deal, floor.units["bob"], " Ann is on leave ")
    assert await replayed(floor.work) == {("opportunity", deal): (None, floor.members["bob"], floor.units["bob"])}
    _, entry = await floor.rows(ENTRIES, deal)
    assert (entry["movement"], entry["reason"]) == ("transfer", "Ann is on leave")
    assert (entry["from_position_id"], entry["to_position_id"]) == (floor.units["ann"], floor.units["bob"])
    assert entry["actor_member_id"] == floor.members["hal"]
    stored = await floor.one("SELECT member_id, version FROM opportunity")
    assert tuple(stored) == (floor.members["bob"], 2)


async def test_a_deal_that_is_there_already_gets_no_second_owner(database: Database) -> None:
    """The same batch again adds no entry; a new row in it does."""
    floor = await furnish(database)
    rows = [OpportunityRow(floor.deal("ann", key="a")), OpportunityRow(floor.deal("bob", key="b"))]
    won = OpportunityRow(floor.deal("cem", key="c", stage_id=floor.stages["won"]), closed_on=date(2026, 5, 20))
    for batch in (rows, [*rows, won]):
        await floor.work.write(partial(insert_opportunities, company=floor.work.company, rows=batch))
    owners = await replayed(floor.work)
    assert {position for _, _, position in owners.values()} == {floor.units[name] for name in ("ann", "bob", "cem")}
    assert len(await floor.rows("SELECT FROM ownership_entry")) == 3
