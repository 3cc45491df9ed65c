"""Creating and changing opportunities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity, update_opportunity
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from tests.integration.funnels.floors import FUNNEL, HOST, TODAY, Floor, furnish


async def test_what_is_not_given_is_filled_in(database: Database) -> None:
    """The first open stage, the company's currency, the customer's name, a key of its own, today's holder."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Contoso"))
    deal = await floor.open("ann", customer_id=customer)
    row = await floor.one("SELECT * FROM opportunity")
    assert (row["stage_id"], row["currency"], row["name"]) == (floor.stages["lead"], "CNY", "Contoso")
    assert (row["key"], row["member_id"], row["wins"]) == (f"opportunity-{deal}", floor.members["ann"], 0)


Values = Callable[[Floor], dict[str, Any]]


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        (lambda floor: {"funnel_id": 999}, "UNKNOWN_FUNNEL", ("funnelId",)),
        (lambda floor: {"stage_id": 999}, "UNKNOWN_STAGE", ("stageId",)),
        (lambda floor: {"stage_id": floor.stages["won"]}, "NOT_OPEN", ("stageId",)),
        (lambda floor: {"stage_id": floor.stages["lost"]}, "NOT_OPEN", ("stageId",)),
        (lambda floor: {"position_id": 999}, "UNKNOWN_POSITION", ("positionId",)),
        (lambda floor: {"position_id": floor.units["east"]}, "UNKNOWN_POSITION", ("positionId",)),
        (lambda floor: {"customer_id": 999}, "UNKNOWN_CUSTOMER", ("customerId",)),
        (lambda floor: {"product_id": 999}, "UNKNOWN_PRODUCT", ("productId",)),
        (lambda floor: {"funnel_id": 10**30}, "UNKNOWN_FUNNEL", ("funnelId",)),
        (lambda floor: {"position_id": 10**30}, "UNKNOWN_POSITION", ("positionId",)),
        (lambda floor: {"customer_id": 10**30}, "UNKNOWN_CUSTOMER", ("customerId",)),
        (lambda floor: {"amount": -1}, "NEGATIVE_AMOUNT", ("amount",)),
        (lambda floor: {"currency": "XYZ"}, "UNKNOWN_CURRENCY", ("currency",)),
        (lambda floor: {"key": "taken"}, "KEY_TAKEN", ("key",)),
        (lambda floor: {"splits": [floor.split("ann", "0.9")]}, "BAD_SPLIT", ("splits",)),
        (lambda floor: {"splits": [floor.split("empty", "1")]}, "VACANT", ("splits", 0, "memberId")),
        (lambda floor: {"splits": [floor.split("east", "1")]}, "UNKNOWN_POSITION", ("splits", 0, "positionId")),
        (
            lambda floor: {
                "splits": [floor.split("ann", "1"), floor.split("bob", "1", CreditKind.OVERLAY, member="cem")]
            },
            "NEVER_HELD",
            ("splits", 1, "memberId"),
        ),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    database: Database, values: Values, code: str, path: tuple[str | int, ...]
) -> None:
    """Each fault is told with its code and its place, and nothing is written."""
    floor = await furnish(database)
    await floor.open("ann", key="taken")
    with pytest.raises(InputError) as caught:
        await create_opportunity(floor.work, replace(floor.deal("ann"), **values(floor)))
    assert (caught.value.code, caught.value.path) == (code, path)
    assert len(await floor.rows("SELECT FROM opportunity")) == 1


async def test_a_former_holder_may_be_named_in_a_split(database: Database) -> None:
    """Ann held her position until Wu took it over on 15 May; she keeps half of the deal."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["ann"], floor.members["wu"], date(2026, 5, 15), replace=True)
    splits = [floor.split("ann", "0.5", member="ann"), floor.split("bob", "0.5")]
    await win_opportunity(floor.work, HOST, await floor.open("ann", splits=splits))
    rows = await floor.rows("SELECT member_id, amount FROM achievement_entry WHERE currency IS NOT NULL ORDER BY id")
    assert [tuple(row) for row in rows] == [(floor.members["ann"], 500_00), (floor.members["bob"], 500_00)]


async def test_whoever_holds_the_position_on_the_close_date_gets_the_credit(database: Database) -> None:
    """Opened in Ann's time and won on 15 May, Wu's first day: the revenue is Wu's."""
    floor = await furnish(database)
    deal = await floor.open("ann", opened_on=date(2026, 5, 1))
    await appoint_holder(floor.work, floor.units["ann"], floor.members["wu"], date(2026, 5, 15), replace=True)
    await win_opportunity(floor.work, HOST, deal, on=date(2026, 5, 15))
    rows = await floor.rows("SELECT DISTINCT member_id FROM achievement_entry")
    assert [row["member_id"] for row in rows] == [floor.members["wu"]]


async def test_a_change_keeps_what_it_does_not_name(database: Database) -> None:
    """A new amount is no estimate any more; name, splits and stage stay, and the version rises."""
    floor = await furnish(database)
    splits = [floor.split("ann", "0.6"), floor.split("bob", "0.4")]
    deal = await floor.open("ann", name="Big one", amount_estimated=True, splits=splits)
    await update_opportunity(floor.work, deal, {"amount": 2_000_00, "expected_close_on": TODAY}, expected_version=1)
    row = await floor.one("SELECT * FROM opportunity")
    assert (row["name"], row["amount"], row["amount_estimated"], row["version"]) == ("Big one", 2_000_00, False, 2)
    shares = await floor.rows("SELECT share::text FROM opportunity_split ORDER BY ordinal")
    assert [row["share"] for row in shares] == ["0.60000000", "0.40000000"]
    with pytest.raises(Conflict):
        await update_opportunity(floor.work, deal, {"amount": 1}, expected_version=1)


async def test_new_splits_take_the_place_of_the_old(database: Database) -> None:
    """Ann's and Bob's shares become Cem's alone, and none at all is the holder's whole."""
    floor = await furnish(database)
    deal = await floor.open("ann", splits=[floor.split("ann", "0.6"), floor.split("bob", "0.4")])
    await update_opportunity(floor.work, deal, {"splits": [floor.split("cem", "1")]})
    rows = await floor.rows("SELECT position_id, member_id FROM opportunity_split")
    assert [tuple(row) for row in rows] == [(floor.units["cem"], floor.members["cem"])]
    await update_opportunity(floor.work, deal, {"splits": []})
    await win_opportunity(floor.work, HOST, deal)
    assert await floor.ledger() == {"ann": (1_000_00, 0)}


async def test_stage_and_position_are_no_plain_fields(database: Database) -> None:
    """They change by a move and by a transfer, which are recorded."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    for field in ("stage_id", "position_id", "funnel_id", "key"):
        with pytest.raises(InputError) as caught:
            await update_opportunity(floor.work, deal, {field: 1})
        assert caught.value.code == "UNKNOWN_FIELD"


async def test_a_funnel_key_is_taken_once(database: Database) -> None:
    """A second funnel of the same key is refused."""
    floor = await furnish(database)
    with pytest.raises(InputError) as caught:
        await create_funnel(floor.work, FUNNEL)
    assert (caught.value.code, caught.value.path) == ("KEY_TAKEN", ("key",))
