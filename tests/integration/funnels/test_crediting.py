"""Winning a deal where the company has a crediting rule switched on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from quotaloom.funnels.commands.opportunities import update_opportunity
from quotaloom.funnels.commands.stage_changes import move_opportunity, reopen_opportunity, win_opportunity
from quotaloom.funnels.crediting import creditings
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.policies.crediting import ask_for_credits
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom_sdk import Credit, CreditingRequest, CreditingResult, CreditingRule, Explanation, Parameters
from quotaloom_sdk.testing import crediting_request
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish
from tests.unit.policies.registered import plugin

MAY = date(2026, 5, 20)
Answer = Callable[[CreditingRequest[Any]], CreditingResult]


def hosted(credit: Answer) -> PolicyHost:
    """A host of one trusted plugin with that crediting rule, `acme.rule`."""
    rule = CreditingRule(key="rule", title="Title", description="Words.", parameters=Parameters, credit=credit)
    return PolicyHost(Discovery((plugin(rule),), ()))


def given(*credits: Credit) -> CreditingResult:
    return CreditingResult(credits=credits, explanation=Explanation("So it is agreed.", (("parts", len(credits)),)))


async def switched_on(floor: Floor, host: PolicyHost, since: date = MAY) -> None:
    await switch_policy(floor.work, host, PolicyChange("acme.rule", active=True, valid_from=since))


async def test_a_rule_shares_the_credit_and_its_reasons_are_kept(database: Database) -> None:
    """Thirds of 1,000.00 are 333.34 to the first and 333.33 to the others; Eve's overlay comes on top."""
    floor = await furnish(database)
    seen: list[CreditingRequest[Any]] = []

    def thirds(request: CreditingRequest[Any]) -> CreditingResult:
        seen.append(request)
        third = Fraction(1, 3)
        direct = [Credit(str(floor.units[name]), third) for name in ("bob", "cem", "ann")]
        return given(*direct, Credit(str(floor.units["eve"]), Fraction(1), overlay=True))

    host = hosted(thirds)
    await switched_on(floor, host)
    deal = await floor.open("ann", opened_on=date(2026, 4, 1))
    await win_opportunity(floor.work, host, deal, on=MAY)
    assert await floor.ledger() == {
        "bob": (333_34, 0),
        "cem": (333_33, 0),
        "ann": (333_33, 0),
        "eve": (0, 1_000_00),
    }
    (asked,) = seen
    assert (asked.deal.amount, asked.deal.closed_on, asked.deal.opened_on) == (1_000_00, MAY, date(2026, 4, 1))
    assert (asked.deal.position_id, asked.named) == (str(floor.units["ann"]), ())
    async with floor.work.snapshot() as snapshot:
        (kept,) = await creditings(snapshot, [deal])
    assert (kept["policy"], kept["plugin_version"], kept["setting_revision"]) == ("acme.rule", "1.2", 1)
    assert kept["explanation"] == {
        "text": "So it is agreed.",
        "values": [{"name": "parts", "value": 4}],
        "items": [],
    }


async def test_the_rule_of_the_business_date_decides(database: Database) -> None:
    """A rule that is on from 20 May has nothing to say of a win of the 19th."""
    floor = await furnish(database)
    host = hosted(lambda request: given(Credit(str(floor.units["bob"]), Fraction(1))))
    await switched_on(floor, host)
    await win_opportunity(floor.work, host, await floor.open("ann"), on=MAY - timedelta(days=1))
    await win_opportunity(floor.work, host, await floor.open("ann"), on=MAY)
    assert await floor.ledger() == {"ann": (1_000_00, 0), "bob": (1_000_00, 0)}


async def test_the_named_splits_and_the_amount_of_the_win_are_told(database: Database) -> None:
    """Moving into a won stage asks too; what people named comes in their order."""
    floor = await furnish(database)
    seen: list[CreditingRequest[Any]] = []

    def as_named(request: CreditingRequest[Any]) -> CreditingResult:
        seen.append(request)
        return given(*request.named)

    host = hosted(as_named)
    await switched_on(floor, host)
    deal = await floor.open("ann", splits=[floor.split("bob", "0.75"), floor.split("ann", "0.25")])
    await move_opportunity(floor.work, host, deal, floor.stages["won"], on=TODAY)
    assert [(credit.position_id, credit.share) for credit in seen[0].named] == [
        (str(floor.units["bob"]), Fraction(3, 4)),
        (str(floor.units["ann"]), Fraction(1, 4)),
    ]
    assert await floor.ledger() == {"bob": (750_00, 0), "ann": (250_00, 0)}


async def test_a_second_win_is_asked_afresh(database: Database) -> None:
    """Reopening takes the rule's credits back; the next win is shared by what the rule says then."""
    floor = await furnish(database)
    turns = iter(("bob", "cem"))
    host = hosted(lambda request: given(Credit(str(floor.units[next(turns)]), Fraction(1))))
    await switched_on(floor, host)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, host, deal, on=MAY)
    await reopen_opportunity(floor.work, deal)
    await win_opportunity(floor.work, host, deal, amount=500_00)
    assert await floor.ledger() == {"bob": (0, 0), "cem": (500_00, 0)}
    async with floor.work.snapshot() as snapshot:
        assert [row["win_number"] for row in await creditings(snapshot, [deal])] == [1, 2]


@pytest.mark.parametrize(
    ("credit", "reason"),
    [
        (Credit("no-id", Fraction(1)), "credits[0] names 'no-id', which is no id"),
        (Credit("999999", Fraction(1)), "its credits cannot be posted at credits.0.positionId"),
        (Credit("{ann}", Fraction(1), member_id="{cem}"), "its credits cannot be posted at credits.0.memberId"),
        (Credit("{empty}", Fraction(1)), "its credits cannot be posted at credits.0"),
    ],
)
async def test_credits_that_cannot_be_posted_are_the_rules_fault(
    database: Database, credit: Credit, reason: str
) -> None:
    """No position, a member who never held it, a position without a holder: the plugin is named, nothing is stored."""
    floor = await furnish(database)
    ids = {"empty": floor.units["empty"], "ann": floor.units["ann"], "cem": floor.members["cem"]}
    member_id = credit.member_id and credit.member_id.format(**ids)
    host = hosted(lambda request: given(Credit(credit.position_id.format(**ids), credit.share, member_id=member_id)))
    await switched_on(floor, host)
    deal = await floor.open("ann")
    with pytest.raises(PolicyFailed) as caught:
        await win_opportunity(floor.work, host, deal)
    assert (caught.value.plugin, caught.value.policy) == ("acme", "acme.rule")
    assert reason in caught.value.reason
    assert await floor.ledger() == {}
    assert (await floor.one("SELECT version, wins FROM opportunity"))["wins"] == 0


async def test_a_rule_that_is_gone_decides_nothing_and_nobody_decides_in_its_place(database: Database) -> None:
    """Without the plugin the win is refused; once an admin has switched the rule off, the deal's own splits count."""
    floor = await furnish(database)
    host = hosted(lambda request: given(Credit(str(floor.units["bob"]), Fraction(1))))
    await switched_on(floor, host)
    deal = await floor.open("ann")
    with pytest.raises(InputError, match="its plugin 'acme' is not installed") as caught:
        await win_opportunity(floor.work, HOST, deal)
    assert caught.value.code == "POLICY_UNAVAILABLE"
    assert await floor.ledger() == {}
    await switch_policy(floor.work, HOST, PolicyChange("acme.rule", active=False))
    await win_opportunity(floor.work, HOST, deal)
    assert await floor.ledger() == {"ann": (1_000_00, 0)}


async def test_what_the_rule_was_asked_about_is_what_is_won(database: Database) -> None:
    """A deal that changes while the rule thinks is asked about again, and a rule that is switched off meanwhile not."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    amounts: list[int | None] = []

    class Meddling(PolicyHost):
        async def ask(self, *arguments: Any, **options: Any) -> Any:
            if not amounts:
                await update_opportunity(floor.work, deal, {"amount": 2_000_00})
            return await super().ask(*arguments, **options)

    def bob(request: CreditingRequest[Any]) -> CreditingResult:
        amounts.append(request.deal.amount)
        return given(Credit(str(floor.units["bob"]), Fraction(1)))

    host = Meddling(hosted(bob).discovery)
    await switched_on(floor, host)
    await win_opportunity(floor.work, host, deal)
    assert amounts == [1_000_00, 2_000_00]
    assert await floor.ledger() == {"bob": (2_000_00, 0)}


async def test_ten_at_once_win_it_once(database: Database) -> None:
    """One win posts; the others hear that the deal is closed."""
    floor = await furnish(database)
    host = hosted(lambda request: given(Credit(str(floor.units["bob"]), Fraction(1))))
    await switched_on(floor, host)
    deal = await floor.open("ann")
    answers = await asyncio.gather(
        *(win_opportunity(floor.work, host, deal) for _ in range(10)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, InputError)]
    assert (answers.count(None), [error.code for error in refused]) == (1, ["CLOSED"] * 9)
    assert await floor.ledger() == {"bob": (1_000_00, 0)}


async def test_a_stranger_of_the_deal_does_not_make_the_rule_think(database: Database) -> None:
    """Cem, who has nothing to do with Ann's deal, is told that there is none, and the rule is not asked."""
    floor = await furnish(database)
    asked: list[object] = []

    def remember(request: CreditingRequest[Any]) -> CreditingResult:
        asked.append(request)
        return given(Credit(str(floor.units["bob"]), Fraction(1)))

    host = hosted(remember)
    await switched_on(floor, host)
    with pytest.raises(InputError) as caught:
        await win_opportunity(floor.as_member("cem"), host, await floor.open("ann"))
    assert caught.value.code == "UNKNOWN_OPPORTUNITY"
    assert asked == []


async def test_a_rule_is_never_asked_within_a_transaction(database: Database) -> None:
    """Whoever tries is told at once: a policy that thinks must not hold the locks of others."""
    floor = await furnish(database)
    host = hosted(lambda request: given(Credit(str(floor.units["bob"]), Fraction(1))))
    await switched_on(floor, host)
    deal = await floor.open("ann")

    async def win(_: Transaction) -> None:
        selected = SelectedPolicy(host.registry.get("acme.rule"), {})
        await ask_for_credits(host, selected, [crediting_request(parameters=Parameters())], company_id=1)

    with pytest.raises(RuntimeError, match=r"asking acme\.rule belongs before the transaction"):
        await floor.work.write(win)
    await win_opportunity(floor.work, host, deal)
    assert await floor.ledger() == {"bob": (1_000_00, 0)}
