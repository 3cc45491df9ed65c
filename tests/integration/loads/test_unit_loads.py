"""What units carry: people, customers and open deals, with all that lies below them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import lose_opportunity, win_opportunity
from quotaloom.loads.reads import member_loads, unit_loads
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.organizations.commands.terms import appoint_holder, end_holding
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.ownership.ledger import begin_ownership
from quotaloom.ownership.owners import Movement, Owner, RecordKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom_sdk import Load
from tests.founding import found
from tests.integration.funnels.floors import HOST, NOON, TODAY, Floor, furnish

EVERY_UNIT = ["acme", "east", "west", "ann", "bob", "eve", "cem", "empty"]


async def loads(floor: Floor, *names: str, on: date = TODAY) -> dict[str, Load]:
    """What units carry on a day, by name."""
    async with floor.work.snapshot() as snapshot:
        found = await unit_loads(snapshot, floor.work.company, [floor.units[name] for name in names], on)
    return {name: found[floor.units[name]] for name in names}


async def test_a_unit_carries_nothing_but_its_people_at_first(database: Database) -> None:
    """Three hold positions in East and one in West; heads and empty positions carry nobody."""
    floor = await furnish(database)
    people = {name: load.members for name, load in (await loads(floor, *EVERY_UNIT)).items()}
    assert people == {"acme": 4, "east": 3, "west": 1, "ann": 1, "bob": 1, "eve": 1, "cem": 1, "empty": 0}
    assert (await loads(floor, "empty"))["empty"] == Load(0, 0, 0, 0, 0)


async def test_people_are_counted_once_and_on_the_day(database: Database) -> None:
    """Ann also holds the empty position of West from May on, and leaves her own in July."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], date(2026, 5, 1))
    holding = await floor.one("SELECT id FROM holding WHERE position_id = $1", floor.units["ann"])
    await end_holding(floor.work, holding["id"], date(2026, 7, 1))
    counted = {}
    for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 30), date(2026, 7, 1)):
        found = await loads(floor, "acme", "east", "west", on=day)
        counted[day.isoformat()] = [found[name].members for name in ("acme", "east", "west")]
    assert counted == {
        "2026-04-30": [4, 3, 1],
        "2026-05-01": [4, 3, 2],
        "2026-06-30": [4, 3, 2],
        "2026-07-01": [4, 2, 2],
    }


async def test_customers_have_an_open_or_a_won_deal(database: Database) -> None:
    """Of A, B, C and D: an open deal of Ann's and of Bob's, a won one, a lost one, and none at all."""
    floor = await furnish(database)
    a, b, c, _ = [await create_customer(floor.work, NewCustomer(name)) for name in "ABCD"]
    await floor.open("ann", customer_id=a)
    await floor.open("bob", customer_id=a)
    await win_opportunity(floor.work, HOST, await floor.open("ann", customer_id=b))
    await lose_opportunity(floor.work, await floor.open("ann", customer_id=c))
    await floor.open("cem", customer_id=b)
    found = await loads(floor, *EVERY_UNIT)
    carried = {name: load.customers for name, load in found.items() if load.customers}
    assert carried == {"acme": 2, "east": 2, "west": 1, "ann": 2, "bob": 1, "cem": 1}


async def test_only_open_deals_are_carried(database: Database) -> None:
    """Two open deals of Ann's, of 1,000.00 and of an amount that nobody knows; a won and a lost one besides."""
    floor = await furnish(database)
    await floor.open("ann")
    await floor.open("ann", amount=None)
    await win_opportunity(floor.work, HOST, await floor.open("ann", amount=500_00))
    await lose_opportunity(floor.work, await floor.open("ann", amount=700_00))
    await floor.open("cem", amount=20_00)
    found = await loads(floor, *EVERY_UNIT)
    assert found["acme"] == Load(4, 0, 0, 3, 1_020_00)
    assert found["east"] == Load(3, 0, 0, 2, 1_000_00)
    assert found["ann"] == Load(1, 0, 0, 2, 1_000_00)
    assert found["west"] == Load(1, 0, 0, 1, 20_00)
    assert found["bob"] == Load(1, 0, 0, 0, 0)


async def test_foreign_deals_count_at_the_rate_of_the_day_half_up_one_by_one(database: Database) -> None:
    """0.02 dollars at 7.25 are 0.145, so 0.15; two such deals 0.30. 101 yen at 0.0485 are 4.8985, so 4.90."""
    floor = await furnish(database)
    for currency, since, rate in (
        ("USD", date(2026, 1, 1), "9"),
        ("USD", date(2026, 6, 1), "7.25"),
        ("USD", date(2026, 6, 2), "8"),
        ("JPY", date(2026, 1, 1), "0.0485"),
    ):
        await set_exchange_rate(floor.work, currency, RateKind.BOOKING, since, Decimal(rate))
    await set_exchange_rate(floor.work, "USD", RateKind.PLAN, date(2026, 1, 1), Decimal(1))
    for _ in range(2):
        await floor.open("ann", amount=2, currency="USD")
    await floor.open("ann", amount=101, currency="JPY")
    await floor.open("ann", amount=100)
    found = await loads(floor, "acme", "ann", "west")
    assert [found[name].open_amount for name in ("acme", "ann", "west")] == [6_20, 6_20, 0]
    # A day later 0.02 dollars are 0.16.
    assert (await loads(floor, "ann", on=date(2026, 6, 2)))["ann"].open_amount == 6_22


async def test_a_missing_rate_is_told_of(database: Database) -> None:
    """The message names currency and day, and says what to do; a closed deal in that currency is none's load."""
    floor = await furnish(database)
    deal = await floor.open("ann", currency="USD")
    with pytest.raises(InputError) as caught:
        await loads(floor, "acme")
    assert caught.value.code == "MISSING_RATE"
    assert caught.value.message == (
        "there is no booking rate of USD for 2026-06-01: set one that is valid from that day or earlier"
    )
    assert (await loads(floor, "west"))["west"].open_amount == 0
    await lose_opportunity(floor.work, deal)
    assert (await loads(floor, "acme"))["acme"].open_amount == 0


async def test_a_position_that_moved_takes_its_load_along(database: Database) -> None:
    """Eve's seat went from East to West in May: she and her deal count once, where the seat stood on the day."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("A"))
    await floor.open("eve", customer_id=customer)
    await move_unit(floor.work, floor.units["eve"], floor.units["west"], date(2026, 5, 1))
    today = await loads(floor, "acme", "east", "west", "eve")
    assert today == {
        "acme": Load(4, 1, 0, 1, 1_000_00),
        "east": Load(2, 0, 0, 0, 0),
        "west": Load(2, 1, 0, 1, 1_000_00),
        "eve": Load(1, 1, 0, 1, 1_000_00),
    }
    before = await loads(floor, "east", "west", on=date(2026, 4, 30))
    assert before == {"east": Load(3, 1, 0, 1, 1_000_00), "west": Load(1, 0, 0, 0, 0)}


async def test_a_unit_that_is_not_there_carries_nothing(database: Database) -> None:
    """Every id that is asked for has its load, one of another company too."""
    floor = await furnish(database)
    other = await found(database, NOON, key="other")
    (theirs,) = await other.write(lambda transaction: insert_units(transaction, [NewUnit("Theirs", "company")]))
    async with floor.work.snapshot() as snapshot:
        ids = [theirs, 10**17]
        assert await unit_loads(snapshot, floor.work.company, ids, TODAY) == dict.fromkeys(ids, Load(0, 0, 0, 0, 0))


async def test_three_statements_whatever_there_is(database: Database) -> None:
    """One unit without deals, then eight with forty deals in two currencies."""
    floor = await furnish(database)
    counts = []
    for names in (["ann"], EVERY_UNIT):
        async with floor.work.snapshot() as snapshot:
            await unit_loads(snapshot, floor.work.company, [floor.units[name] for name in names], TODAY)
            counts.append(snapshot.statements)
        await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, TODAY, Decimal(7))
        for number in range(40):
            await floor.open("ann", currency="USD" if number % 2 else "CNY")
    assert counts == [3, 3]


async def held(floor: Floor, kind: RecordKind, name: str, status: str = "open") -> None:
    """A lead or a customer that the position of that name holds."""

    async def apply(transaction: Transaction) -> None:
        if kind is RecordKind.CUSTOMER:
            record_id = await _customer(transaction, floor)
        else:
            row = await transaction.fetch_one(
                "INSERT INTO lead (company_id, key, name, status, created_at, created_on, version)"
                " VALUES ($1, gen_random_uuid()::text, 'Lead', $2, now(), $3, 1) RETURNING id",
                transaction.company_id,
                status,
                TODAY,
            )
            assert row is not None
            record_id = row["id"]
        owner = Owner(None, floor.members[name], floor.units[name])
        await begin_ownership(transaction, kind, [(record_id, owner)], Movement.CREATE, TODAY)

    await floor.work.write(apply)


async def _customer(transaction: Transaction, floor: Floor) -> int:
    row = await transaction.fetch_one(
        "INSERT INTO customer (company_id, key, name, version) VALUES ($1, gen_random_uuid()::text, 'Customer', 1)"
        " RETURNING id",
        transaction.company_id,
    )
    assert row is not None
    return int(row["id"])


async def test_leads_and_customers_are_carried_by_whoever_holds_them(database: Database) -> None:
    """Ann holds two open leads and a converted one, Bob a customer with whom he has no deal."""
    floor = await furnish(database)
    for status in ("open", "open", "converted"):
        await held(floor, RecordKind.LEAD, "ann", status)
    await held(floor, RecordKind.CUSTOMER, "bob")
    found = await loads(floor, "acme", "ann", "bob", "cem")
    assert found == {
        "acme": Load(4, 1, 2, 0, 0),
        "ann": Load(1, 0, 2, 0, 0),
        "bob": Load(1, 1, 0, 0, 0),
        "cem": Load(1, 0, 0, 0, 0),
    }


async def test_a_member_carries_what_his_positions_do(database: Database) -> None:
    """Ann holds her seat and the empty one since May: a lead, a deal in each, and one customer with both."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], date(2026, 5, 1))
    customer = await create_customer(floor.work, NewCustomer("A"))
    await floor.open("ann", customer_id=customer)
    await floor.open("empty", customer_id=customer)
    await held(floor, RecordKind.LEAD, "ann")
    ids = [floor.members["ann"], floor.members["hal"]]
    async with floor.work.snapshot() as snapshot:
        found = await member_loads(snapshot, floor.work.company, ids, TODAY)
        assert snapshot.statements == 3
    assert found == {ids[0]: Load(1, 1, 1, 2, 2_000_00), ids[1]: Load(0, 0, 0, 0, 0)}
