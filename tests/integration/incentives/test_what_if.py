"""What-if: a statement so far, and with deals that are still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom.achievements.ledger import Credit, EntrySource, Posting, append
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.deal_lines import DealLine
from quotaloom.incentives.rules import RuleChange, set_rule
from quotaloom.incentives.statements import Statement
from quotaloom.incentives.what_if import SupposedAmount, WhatIf, ask_what_if
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom_sdk import Credit as RuleCredit
from quotaloom_sdk import CreditingRequest, CreditingResult, CreditingRule, Explanation, Need, Parameters
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.incentives.paying_rules import PAY, host_of
from tests.unit.policies.registered import plugin

SINCE = date(2026, 1, 1)


def half(request: CreditingRequest[Parameters]) -> CreditingResult:
    """Half of each deal for its position, half for the other position that the test names by its deal's amount."""
    other = str(int(request.deal.position_id) + 1)
    shares = (RuleCredit(request.deal.position_id, Fraction(1, 2)), RuleCredit(other, Fraction(1, 2)))
    return CreditingResult(credits=shares, explanation=Explanation("Halves."))


SHARING = plugin(
    CreditingRule(
        key="half",
        title="Half",
        description="For tests.",
        parameters=Parameters,
        needs=frozenset[Need](),
        credit=half,
    ),
    name="sharing",
)

HOST = host_of(PAY, SHARING)


async def sales_floor(database: Database, *policies: str) -> Floor:
    """Tiers of 5 percent up to 100,000 and 8 above for all, 10 percent of the team for the east; Ann sold 80,000."""
    floor = replace(await furnish(database), host=HOST)
    for policy in ("pay.tiers", "pay.team", *policies):
        await switch_policy(floor.work, HOST, PolicyChange(policy, active=True, valid_from=SINCE))
    await set_rule(floor.work, HOST, RuleChange("tiers", "pay.tiers", valid_from=SINCE))
    east = floor.units["east"]
    await set_rule(floor.work, HOST, RuleChange("team", "pay.team", unit_id=east, ordinal=1, valid_from=SINCE))
    async with floor.work.snapshot() as snapshot:
        (revenue,) = await metrics_by_key(snapshot, ["revenue"])
    credits = (Credit(floor.units["ann"], Fraction(1)),)
    day = date(2026, 6, 1)
    posting = Posting(revenue["id"], 80_000_00, None, day, EntrySource.ORDER, "june", "june", credits)
    await floor.work.write(lambda transaction: append(transaction, floor.work.company, [posting]))
    return floor


async def two_deals(floor: Floor) -> tuple[int, int]:
    """One of 50,000 that Ann shares with Bob, 60 to 40, and one of 10,000 that is hers."""
    shares = [floor.split("ann", "0.6"), floor.split("bob", "0.4")]
    return await floor.open(amount=50_000_00, splits=shares), await floor.open(amount=10_000_00)


def wins(*deals: int) -> list[tuple[int, Decimal | None, date | None]]:
    """These deals as they stand, won today."""
    return [(deal, None, None) for deal in deals]


def told(statement: Statement | None) -> list[tuple[str, int]]:
    """The lines of a statement: rule and amount."""
    return [] if statement is None else [(line.rule, line.amount) for line in statement.lines]


async def written(floor: Floor) -> Sequence[Any]:
    """How much there is of whatever a win, a run or a simulation writes."""
    tables = ("achievement_entry", "achievement_balance", "audit_entry", "outbox_event", "incentive_statement")
    return [(await floor.one(f"SELECT count(*) FROM {table}"))["count"] for table in tables]


async def test_two_deals_lift_a_member_over_his_quota(database: Database) -> None:
    """80,000 give 4,000; with 60 percent of 50,000 and 10,000 it is 120,000: 5,000 and 8 percent of 20,000, 6,600.

    Bob's 20,000 are told, too: who shares a deal knows its shares. Nothing is written.
    """
    floor = await sales_floor(database)
    shared, own = await two_deals(floor)
    before = await written(floor)
    answer = await ask_what_if(floor.as_member("ann"), HOST, WhatIf(floor.members["ann"], deals=wins(shared, own)))
    assert (answer.period.label, answer.currency) == ("2026-06", "CNY")
    assert told(answer.before) == [("tiers", 4_000_00)]
    assert told(answer.after) == [("tiers", 6_600_00)]
    assert answer.rules() == [("tiers", 4_000_00, 6_600_00)]
    names = {number: name for name, number in floor.members.items()}
    revenue = [(names[one.member_id], one.amount) for one in answer.credits if key(answer, one) == "revenue"]
    assert revenue == [("ann", 30_000_00), ("bob", 20_000_00), ("ann", 10_000_00)]
    # An order is not split: the greater share has it, the other on top. Nobody is a new customer of no customer.
    orders = [(names[one.member_id], one.credit, one.amount) for one in answer.credits if key(answer, one) == "orders"]
    assert orders == [("ann", "direct", 1), ("bob", "overlay", 1), ("ann", "direct", 1)]
    assert {key(answer, one) for one in answer.credits} == {"revenue", "orders"}
    assert await written(floor) == before


def key(answer: Any, entry: Any) -> str:
    """The key of what an entry counts."""
    found: str = answer.metrics[entry.metric_id]["key"]
    return found


async def test_a_new_customer_and_each_product_count_as_in_a_win(database: Database) -> None:
    """Two deals of Contoso are one new customer; of 10,000 in products 6,000 are pumps, as the lines say."""
    floor = await sales_floor(database)
    contoso = await create_customer(floor.work, NewCustomer("Contoso"))
    pump, valve = [await define_product(floor.work, NewProduct(name, name.title())) for name in ("pump", "valve")]
    lines = (DealLine(pump, amount=6_000_00), DealLine(valve, amount=4_000_00))
    first = await floor.open(amount=10_000_00, customer_id=contoso, lines=lines)
    second = await floor.open(amount=1_00, customer_id=contoso)
    answer = await ask_what_if(floor.work, HOST, WhatIf(floor.members["ann"], deals=wins(first, second)))
    found = [(key(answer, one), one.product_id, one.amount) for one in answer.credits]
    assert found == [
        ("revenue", pump, 6_000_00),
        ("revenue", valve, 4_000_00),
        ("orders", None, 1),
        ("new_customers", None, 1),
        ("revenue", None, 1_00),
        ("orders", None, 1),
    ]


async def test_a_head_sees_what_his_team_and_he_himself_would_have(database: Database) -> None:
    """Bob has 5 percent of his 20,000; Hal's 10 percent of 80,000 become 10 percent of 140,000, his team's."""
    floor = await sales_floor(database)
    deals = wins(*await two_deals(floor))
    hal = floor.as_member("hal")
    bob = await ask_what_if(hal, HOST, WhatIf(floor.members["bob"], deals=deals))
    assert (told(bob.before), told(bob.after)) == ([], [("tiers", 1_000_00)])
    own = await ask_what_if(hal, HOST, WhatIf(floor.members["hal"], deals=deals))
    assert own.rules() == [("team", 8_000_00, 14_000_00)]


async def test_other_amounts_later_dates_and_plain_amounts_count(database: Database) -> None:
    """The deal of 10,000 is won on the 30th for 20,000: 5,000 in all; 1,000 more of revenue give 80 on top.

    A refund of 30,000 instead leaves 70,000 with the deal: 3,500.
    """
    floor = await sales_floor(database)
    _, own = await two_deals(floor)
    ann, deals = floor.members["ann"], [(own, Decimal(20_000), date(2026, 6, 30))]
    late = await ask_what_if(floor.as_member("ann"), HOST, WhatIf(ann, deals=deals))
    assert told(late.after) == [("tiers", 5_000_00)]
    more = [SupposedAmount("revenue", Decimal(1000))]
    assert told((await ask_what_if(floor.work, HOST, WhatIf(ann, deals=deals, more=more))).after) == [
        ("tiers", 5_080_00)
    ]
    less = [SupposedAmount("revenue", Decimal(-30_000))]
    assert told((await ask_what_if(floor.work, HOST, WhatIf(ann, deals=deals, more=less))).after) == [
        ("tiers", 3_500_00)
    ]


async def test_the_companys_crediting_rule_shares_what_is_supposed(database: Database) -> None:
    """Half of the 10,000 goes to Bob: Ann's 85,000 give 4,250, his 5,000 give 250."""
    floor = await sales_floor(database, "sharing.half")
    _, own = await two_deals(floor)
    asked = [WhatIf(floor.members[name], deals=wins(own)) for name in ("ann", "bob")]
    ann, bob = [await ask_what_if(floor.work, HOST, one) for one in asked]
    assert (told(ann.after), told(bob.after)) == ([("tiers", 4_250_00)], [("tiers", 250_00)])
    # Cem's position is followed by an empty one, which nobody holds: the rule is blamed.
    of_cem = await floor.open("cem")
    with pytest.raises(PolicyFailed, match="cannot be posted"):
        await ask_what_if(floor.work, HOST, WhatIf(floor.members["cem"], deals=wins(of_cem)))


async def refusal(work: Work, asked: WhatIf) -> tuple[str, tuple[str | int, ...]]:
    """The code and place of what is wrong with a question."""
    with pytest.raises(InputError) as refused:
        await ask_what_if(work, HOST, asked)
    return refused.value.code, refused.value.path


async def test_nobody_asks_about_members_and_deals_that_he_does_not_see(database: Database) -> None:
    """Ann does not ask for Bob, Wu not for Ann, Bob not with Ann's deal though he shares it; a reader may all."""
    floor = await sales_floor(database)
    shared, _ = await two_deals(floor)
    ann, bob = (floor.members[name] for name in ("ann", "bob"))
    unseen = ("NOT_FOUND", ("memberId",))
    assert await refusal(floor.as_member("ann"), WhatIf(bob)) == unseen
    assert await refusal(floor.as_member("wu"), WhatIf(ann)) == unseen
    assert await refusal(floor.as_service("funnels:write"), WhatIf(ann)) == unseen
    at = ("deals", 0, "opportunityId")
    assert await refusal(floor.as_member("bob"), WhatIf(bob, deals=wins(shared))) == ("UNKNOWN_OPPORTUNITY", at)
    reader = Viewer(floor.work.company.id, "bi", Role.SERVICE, None, frozenset({"graph:read"}))
    answer = await ask_what_if(replace(floor.work, viewer=reader), HOST, WhatIf(bob, deals=wins(shared)))
    assert told(answer.after) == [("tiers", 1_000_00)]


async def test_what_cannot_be_supposed_is_refused_at_its_place(database: Database) -> None:
    """Deals of other periods, closed ones, twice the same, without amounts; metrics that nothing is posted to."""
    floor = await sales_floor(database)
    shared, own = await two_deals(floor)
    none = await floor.open(amount=None)
    ann, work = floor.members["ann"], floor.work

    async def of(*deals: tuple[int, Decimal | None, date | None], **more: Any) -> tuple[str, tuple[str | int, ...]]:
        return await refusal(work, WhatIf(ann, deals=deals, **more))

    assert await of((own, None, None), (shared, None, date(2026, 7, 1))) == ("BAD_DATE", ("deals", 1, "closedOn"))
    assert await of(*wins(own, own)) == ("SAME_DEAL", ("deals", 1, "opportunityId"))
    assert await of(*wins(none)) == ("AMOUNT_NEEDED", ("deals", 0, "amount"))
    assert await of((own, Decimal(-1), None)) == ("NEGATIVE_AMOUNT", ("deals", 0, "amount"))
    assert await of((own, Decimal("0.001"), None)) == ("TOO_PRECISE", ("deals", 0, "amount"))
    assert await of(*wins(*range(1, 52))) == ("TOO_MANY", ("deals",))
    unknown = [SupposedAmount("revenue", Decimal(1)), SupposedAmount("luck", Decimal(1))]
    assert await of(more=unknown) == ("UNKNOWN_METRIC", ("amounts", 1, "metric"))
    assert await of(more=unknown[:1] * 21) == ("TOO_MANY", ("amounts",))
    with pytest.raises(NotFound):
        await ask_what_if(work, HOST, WhatIf(99))
