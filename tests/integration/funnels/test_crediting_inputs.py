"""What a crediting rule is given of a deal and its customer: exactly what it declared to need."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.values import ChoiceKey
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.crediting_requests import WinFacts, crediting_requests
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import (
    Attribute,
    AttributeKind,
    Attributes,
    Choice,
    Credit,
    CreditingRequest,
    CreditingResult,
    CreditingRule,
    CustomerFact,
    DealFact,
    Explanation,
    Need,
    Parameters,
    Reference,
)
from tests.integration.attributes.noting import define, note, referring
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.graph.asking import do, gid
from tests.unit.policies.registered import plugin

MAY = date(2026, 5, 20)
Requests = list[CreditingRequest[Any]]


def watching(seen: Requests) -> PolicyHost:
    """A host with `watch.attributes` and `watch.none`, which leave the deal its position's."""

    def remember(request: CreditingRequest[Any]) -> CreditingResult:
        seen.append(request)
        credits = (Credit(request.deal.position_id, Fraction(1)),)
        return CreditingResult(credits=credits, explanation=Explanation("Seen."))

    def rule(key: str, *needs: Need) -> CreditingRule[Any]:
        return CreditingRule(
            key=key, title=key, description="Watches.", parameters=Parameters, needs=frozenset(needs), credit=remember
        )

    return PolicyHost(Discovery((plugin(rule("attributes", Need.ATTRIBUTES), rule("none"), name="watch"),), ()))


async def floor_with_attributes(database: Database, seen: Requests) -> Floor:
    """The floor with a grade of customers, and stores and an adviser of deals."""
    floor = replace(await furnish(database), host=watching(seen))
    await define(floor, AttributeKind.CHOICE, Subject.CUSTOMER, key="grade")
    await define(floor, AttributeKind.REFERENCE, Subject.OPPORTUNITY, key="adviser")
    await define(floor, AttributeKind.NUMBER, Subject.OPPORTUNITY, key="stores")
    return floor


async def switch(floor: Floor, rule: str) -> None:
    """Switch a rule on from the beginning of the year."""
    payload = await do(floor, "switchPolicy", "", policy=f"watch.{rule}", active=True, validFrom="2026-01-01")
    assert payload["errors"] == []


async def win(floor: Floor, deal: int) -> None:
    """Win a deal in May."""
    payload = await do(floor, "winOpportunity", "", id=gid("Opportunity", deal), on=MAY.isoformat())
    assert payload["errors"] == []


async def a_deal(floor: Floor, **facts: Any) -> tuple[int, int]:
    """A deal of Ann's with Globex, of the grade b, for nine stores, with Eve as adviser; the ids of both."""
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer, **facts)
    await note(floor.work, Subject.CUSTOMER, customer, grade=ChoiceKey("b"))
    await note(floor.work, Subject.OPPORTUNITY, deal, stores=Decimal("9.0"), adviser=referring(floor, "eve"))
    return deal, customer


@pytest.mark.parametrize("rule", ["attributes", "none"])
async def test_a_rule_is_given_what_it_declared_and_nothing_else(database: Database, rule: str) -> None:
    """With ATTRIBUTES those of the deal and of its customer, in the company's order; without, none of them."""
    seen: Requests = []
    floor = await floor_with_attributes(database, seen)
    product = await define_product(floor.work, NewProduct("pump", "Pump"))
    await switch(floor, rule)
    facts = {"product_id": product, "opened_on": date(2026, 4, 1), "expected_close_on": TODAY}
    deal, customer = await a_deal(floor, name=f"Nine stores, {rule}", **facts)
    await win(floor, deal)
    eve = Reference("member", str(floor.members["eve"]))
    of_deal = Attributes((Attribute("adviser", eve), Attribute("stores", Decimal(9))))
    of_customer = Attributes((Attribute("grade", Choice("b", "Good")),))
    given = rule == "attributes"
    fact = DealFact(
        id=str(deal),
        name=f"Nine stores, {rule}",
        amount=1_000_00,
        currency="CNY",
        position_id=str(floor.units["ann"]),
        member_id=str(floor.members["ann"]),
        product_key="pump",
        customer=CustomerFact(str(customer), "Globex", None, of_customer if given else Attributes()),
        opened_on=date(2026, 4, 1),
        expected_close_on=TODAY,
        closed_on=MAY,
        attributes=of_deal if given else Attributes(),
    )
    assert seen == [CreditingRequest(fact, (), Parameters())]


async def test_a_deal_without_a_customer_has_its_own_attributes(database: Database) -> None:
    """Nothing is noted of a customer that there is not."""
    seen: Requests = []
    floor = await floor_with_attributes(database, seen)
    await switch(floor, "attributes")
    deal = await floor.open("ann")
    await note(floor.work, Subject.OPPORTUNITY, deal, stores=Decimal(2))
    await win(floor, deal)
    (request,) = seen
    assert (request.deal.customer, request.deal.attributes.number("stores")) == (None, Decimal(2))


async def test_a_trial_is_given_what_is_noted_now(database: Database) -> None:
    """A deal that was won without any rule is told of with its attributes, when a rule is tried on its month."""
    seen: Requests = []
    floor = await floor_with_attributes(database, seen)
    deal, _ = await a_deal(floor)
    await win(floor, deal)
    payload = await do(floor, "simulatePolicy", "changed", policy="watch.attributes", period="2026-05")
    assert (payload["errors"], payload["changed"]) == ([], 0)
    (request,) = seen
    assert request.deal.attributes.number("stores") == Decimal(9)
    assert request.deal.customer is not None
    assert request.deal.customer.attributes.choice("grade") == Choice("b", "Good")


async def test_what_is_noted_while_a_rule_thinks_changes_no_credit(database: Database) -> None:
    """The rule is asked once, by what was noted then; a change of the deal itself would have it asked again."""
    seen: Requests = []
    floor = await floor_with_attributes(database, seen)
    await switch(floor, "attributes")
    deal, _ = await a_deal(floor)

    class Meddling(PolicyHost):
        async def ask(self, *arguments: Any, **options: Any) -> Any:
            await note(floor.work, Subject.OPPORTUNITY, deal, stores=Decimal(99))
            return await super().ask(*arguments, **options)

    await win(replace(floor, host=Meddling(floor.host.discovery)), deal)
    assert [request.deal.attributes.number("stores") for request in seen] == [Decimal(9)]
    assert await floor.ledger() == {"ann": (1_000_00, 0)}


async def test_requests_cost_a_constant_number_of_statements(database: Database) -> None:
    """Two for any number of deals, and one for the attributes of deals and of customers each, where they are needed."""
    floor = await floor_with_attributes(database, [])
    deals = [(await a_deal(floor))[0]]
    counts = []
    for _ in range(2):
        wins = [WinFacts(deal, 1, 1_000_00, "CNY", MAY) for deal in deals]
        for needs in (frozenset[Need](), frozenset({Need.ATTRIBUTES})):
            async with floor.work.snapshot() as snapshot:
                assert len(await crediting_requests(snapshot, wins, needs)) == len(deals)
                counts.append(snapshot.statements)
        deals += [(await a_deal(floor))[0] for _ in range(12)]
    assert counts == [2, 4, 2, 4]
