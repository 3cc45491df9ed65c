"""What visits and calls count for."""

from __future__ import annotations

from datetime import date

from quotaloom.achievements.commands import NewReversal, reverse_achievement
from quotaloom.activities.commands import cancel_activity, complete_activity, log_activity, plan_activity
from quotaloom.activities.facts import Moment
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.activities.working import something
from tests.integration.funnels.floors import TODAY, Floor, furnish

MAY = date(2026, 5, 4)


async def entries(floor: Floor) -> list[tuple[int, date, str]]:
    """Amount, business date and source of every entry, the earliest first."""
    rows = await floor.rows("SELECT amount, business_date, source FROM achievement_entry ORDER BY id")
    return [(row["amount"], row["business_date"], row["source"]) for row in rows]


async def test_a_visit_and_a_call_count_one_each_and_nothing_else_does(database: Database) -> None:
    """One of each kind is logged: the metrics of visits and calls have one each."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    for kind in ActivityKind:
        await log_activity(ann, something(kind, deal=deal))
    assert (await floor.ledger("visits"), await floor.ledger("calls")) == ({"ann": (1, 0)}, {"ann": (1, 0)})
    assert len(await entries(floor)) == 2


async def test_a_visit_counts_on_its_day_for_who_did_it(database: Database) -> None:
    """Planned for June and done in May: the entry is of May, of Ann, of the deal and of its customer."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    ann, deal = floor.as_member("ann"), await floor.open("ann", customer_id=customer)
    planned = await plan_activity(ann, something(deal=deal, on=TODAY))
    assert await entries(floor) == []
    await complete_activity(ann, planned, Moment(on=MAY))
    assert await entries(floor) == [(1, MAY, "activity")]
    row = await floor.one("SELECT member_id, customer_id, opportunity_id, idempotency_key FROM achievement_entry")
    assert tuple(row) == (floor.members["ann"], customer, deal, f"activity:{planned}#0")


async def test_cancelling_takes_the_count_back_on_its_day(database: Database) -> None:
    """The reversal carries the visit's day, and the day of its own where the company says so."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    first = await log_activity(ann, something(deal=deal, on=MAY))
    await cancel_activity(ann, first, "Wrong deal")
    assert await entries(floor) == [(1, MAY, "activity"), (-1, MAY, "activity")]
    assert await floor.ledger("visits") == {"ann": (0, 0)}


async def test_a_reversal_carries_its_own_day_where_the_company_says_so(database: Database) -> None:
    """A visit of May that is cancelled today is taken back today."""
    floor = await furnish(database, reversal_date="own")
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    await cancel_activity(ann, await log_activity(ann, something(deal=deal, on=MAY)), "Wrong deal")
    assert await entries(floor) == [(1, MAY, "activity"), (-1, TODAY, "activity")]


async def test_what_was_reversed_by_hand_is_not_taken_back_twice(database: Database) -> None:
    """An admin has reversed the entry: cancelling the visit leaves the ledger as it is."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    visit = await log_activity(ann, something(deal=deal))
    entry = await floor.one("SELECT id FROM achievement_entry")
    await reverse_achievement(floor.work, NewReversal(entry["id"], "by hand", "Not a visit"))
    await cancel_activity(ann, visit, "Not a visit")
    assert await floor.ledger("visits") == {"ann": (0, 0)}
    assert len(await entries(floor)) == 2


async def test_who_held_no_position_that_day_counts_for_nobody(database: Database) -> None:
    """Hal heads the team and holds no position: his visit is kept, and posts nothing."""
    floor = await furnish(database)
    await log_activity(floor.as_member("hal"), something(deal=await floor.open("ann")))
    assert await entries(floor) == []
    assert len(await floor.rows("SELECT FROM activity")) == 1


async def test_without_the_metric_nothing_is_posted(database: Database) -> None:
    """A company whose visits metric has another key keeps the visit, and counts nothing."""
    floor = await furnish(database)

    async def rename(transaction: Transaction) -> None:
        await transaction.execute("UPDATE metric SET key = 'tours' WHERE key = 'visits'")

    await floor.work.write(rename)
    visit = await log_activity(floor.as_member("ann"), something(deal=await floor.open("ann")))
    await cancel_activity(floor.as_member("ann"), visit, "Not a visit")
    assert await entries(floor) == []
