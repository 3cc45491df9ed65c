"""Gates of plugins: asked before a deal moves, outside of any transaction, and told with the stage's own standards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.approvals import decide_stage
from quotaloom.funnels.commands.documents import add_document
from quotaloom.funnels.commands.opportunities import update_opportunity
from quotaloom.funnels.commands.stage_changes import lose_opportunity, move_opportunity, win_opportunity
from quotaloom.funnels.standards import DealField, Standard, StandardKind
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom_sdk import (
    ActivityFact,
    ApprovalFact,
    AttributeKind,
    Explanation,
    GateRequest,
    GateResult,
    Need,
    Parameters,
    StageFact,
    StageGate,
    UnmetStandard,
)
from tests.integration.funnels.floors import HOST, TODAY
from tests.integration.funnels.stage_floors import APPROVAL, StageFloor, staged
from tests.unit.policies.registered import plugin

MAY = date(2026, 5, 20)
Examine = Callable[[GateRequest[Any]], GateResult]

AMOUNT = Standard(StandardKind.FIELD, field=DealField.AMOUNT)


def answer(*unmet: UnmetStandard) -> GateResult:
    """A gate's answer."""
    return GateResult(unmet=unmet, explanation=Explanation("So it is."))


def passing(_: GateRequest[Any]) -> GateResult:
    """Lets every deal pass."""
    return answer()


def hosted(**gates: Examine) -> PolicyHost:
    """A host of one trusted plugin with these gates, `acme.` and their names, which ask for everything."""
    needs = frozenset({Need.HISTORY, Need.ATTRIBUTES})
    made = [
        StageGate(key=key, title="Title", description="Words.", parameters=Parameters, needs=needs, examine=examine)
        for key, examine in gates.items()
    ]
    return PolicyHost(Discovery((plugin(*made),), ()))


async def switched_on(floor: StageFloor, host: PolicyHost, *keys: str) -> None:
    for key in keys:
        await switch_policy(floor.floor.work, host, PolicyChange(f"acme.{key}", active=True, valid_from=MAY))


async def test_what_all_gates_miss_is_told_with_the_stages_own_standards(database: Database) -> None:
    """The amount of the stage, then what each gate that is switched on says; one that is off is not asked."""
    floor = await staged(database, [AMOUNT])

    def off(_: GateRequest[Any]) -> GateResult:
        raise AssertionError("it is switched off")

    host = hosted(
        a=lambda _: answer(
            UnmetStandard("no_demo", "Show the product."), UnmetStandard("no_plan", "Plan.", "next_step")
        ),
        b=lambda _: answer(UnmetStandard("no_test", "Test it.", "documents")),
        c=off,
    )
    await switched_on(floor, host, "a", "b")
    deal = await floor.open()
    with pytest.raises(ManyRefused) as caught:
        await move_opportunity(floor.floor.work, host, deal, (await floor.stages())["offer"])
    assert [(error.code, error.path) for error in caught.value.errors] == [
        ("AMOUNT_MISSING", ("amount",)),
        ("no_demo", ("id",)),
        ("no_plan", ("next_step",)),
        ("no_test", ("documents",)),
    ]
    assert await floor.at(deal) == "lead"


async def test_a_gate_is_told_all_of_the_deal(database: Database) -> None:
    """Stages, days, documents, approvals, activities and attributes as they are, and the amount of the win."""
    floor = await staged(database, [APPROVAL])
    work = floor.floor.work
    seen: list[GateRequest[Any]] = []

    def looking(request: GateRequest[Any]) -> GateResult:
        seen.append(request)
        return answer()

    host = hosted(a=looking)
    await switched_on(floor, host, "a")
    await define_attribute(work, NewAttribute(Subject.OPPORTUNITY, "region", "Region", AttributeKind.TEXT))
    deal = await floor.open(opened_on=MAY, amount=1_00)
    await set_attributes_of(work, Subject.OPPORTUNITY, deal, [NewValue("region", "north")])
    await add_document(work, deal, "Quote")
    await decide_stage(floor.floor.as_member("hal"), deal, approved=True)
    await floor.did(deal, "visit", TODAY)
    await win_opportunity(work, host, deal, amount=2_00)
    (asked,) = seen
    assert (asked.funnel_key, asked.entered_on, asked.today) == ("strict", MAY, TODAY)
    assert asked.leaving == StageFact("lead", "Lead", 0, "open")
    assert asked.entering == StageFact("won", "Won", 3, "won")
    assert (asked.deal.amount, asked.deal.attributes.text("region")) == (2_00, "north")
    assert (asked.documents, asked.competitors, asked.next_step) == (("Quote",), (), None)
    assert asked.approvals == (ApprovalFact(str(floor.floor.members["hal"]), True, TODAY),)
    assert asked.activities == (ActivityFact("visit", TODAY, str(floor.floor.members["ann"]), "Talk"),)


async def test_gates_are_asked_back_and_forth_and_never_when_a_deal_is_lost(database: Database) -> None:
    """A move back has the lower stage to enter; losing asks nobody, by whichever command."""
    floor = await staged(database)
    ids, work = await floor.stages(), floor.floor.work
    seen: list[tuple[str, str]] = []

    def looking(request: GateRequest[Any]) -> GateResult:
        seen.append((request.leaving.key, request.entering.key))
        return answer()

    host = hosted(a=looking)
    await switched_on(floor, host, "a")
    deal, other = await floor.open(), await floor.open()
    await move_opportunity(work, host, deal, ids["offer"])
    await move_opportunity(work, host, deal, ids["lead"])
    await move_opportunity(work, host, deal, ids["lost"])
    await lose_opportunity(work, other)
    assert seen == [("lead", "offer"), ("offer", "lead")]


async def test_a_deal_that_changes_meanwhile_is_examined_again(database: Database) -> None:
    """What the gate saw is what moves: the amount that came while it thought is asked about in a second round."""
    floor = await staged(database)
    deal = await floor.open(amount=1_00)
    amounts: list[int | None] = []

    class Meddling(PolicyHost):
        async def ask(self, *arguments: Any, **options: Any) -> Any:
            if not amounts:
                await update_opportunity(floor.floor.work, deal, {"amount": 2_00})
            return await super().ask(*arguments, **options)

    def looking(request: GateRequest[Any]) -> GateResult:
        amounts.append(request.deal.amount)
        return answer()

    host = Meddling(hosted(a=looking).discovery)
    await switched_on(floor, host, "a")
    await move_opportunity(floor.floor.work, host, deal, (await floor.stages())["offer"])
    assert amounts == [1_00, 2_00]
    assert await floor.at(deal) == "offer"


async def test_a_gate_that_is_switched_on_meanwhile_is_asked(database: Database) -> None:
    """The first gate lets it pass while the second comes into force: the deal stays, for the second is against it."""
    floor = await staged(database)
    deal = await floor.open()

    class Meddling(PolicyHost):
        done = False

        async def ask(self, *arguments: Any, **options: Any) -> Any:
            if not self.done:
                self.done = True
                await switched_on(floor, self, "b")
            return await super().ask(*arguments, **options)

    host = Meddling(hosted(a=passing, b=lambda _: answer(UnmetStandard("no_test", "Test it."))).discovery)
    await switched_on(floor, host, "a")
    with pytest.raises(InputError) as caught:
        await move_opportunity(floor.floor.work, host, deal, (await floor.stages())["offer"])
    assert caught.value.code == "no_test"


async def test_a_deal_that_never_rests_is_given_up(database: Database) -> None:
    """Where it changes each time that the gate is asked, the caller is told so, and nothing moves."""
    floor = await staged(database)
    deal = await floor.open(amount=1_00)

    class Restless(PolicyHost):
        times = 0

        async def ask(self, *arguments: Any, **options: Any) -> Any:
            self.times += 1
            await update_opportunity(floor.floor.work, deal, {"amount": self.times})
            return await super().ask(*arguments, **options)

    host = Restless(hosted(a=passing).discovery)
    await switched_on(floor, host, "a")
    with pytest.raises(Conflict):
        await move_opportunity(floor.floor.work, host, deal, (await floor.stages())["offer"])
    assert (host.times, await floor.at(deal)) == (5, "lead")


async def test_a_gate_that_fails_or_is_gone_lets_nothing_pass(database: Database) -> None:
    """The plugin is named; without it the move is refused until an admin has switched the gate off."""
    floor = await staged(database)
    offer = (await floor.stages())["offer"]

    def broken(_: GateRequest[Any]) -> GateResult:
        raise ValueError("no idea")

    host = hosted(a=broken)
    await switched_on(floor, host, "a")
    deal = await floor.open()
    with pytest.raises(PolicyFailed) as caught:
        await move_opportunity(floor.floor.work, host, deal, offer)
    assert (caught.value.plugin, caught.value.policy) == ("acme", "acme.a")
    with pytest.raises(InputError) as gone:
        await move_opportunity(floor.floor.work, HOST, deal, offer)
    assert gone.value.code == "POLICY_UNAVAILABLE"
    await switch_policy(floor.floor.work, HOST, PolicyChange("acme.a", active=False))
    await move_opportunity(floor.floor.work, HOST, deal, offer)
