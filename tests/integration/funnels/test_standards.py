"""Standards of stages: what keeps a deal from moving on, told at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quotaloom.activities.kinds import ActivityKind
from quotaloom.attributes.commands import archive_attribute, define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.approvals import decide_stage
from quotaloom.funnels.commands.documents import add_document, remove_document
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import update_opportunity
from quotaloom.funnels.commands.stage_changes import (
    invalidate_opportunity,
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from quotaloom.funnels.stages import NewFunnel
from quotaloom.funnels.standards import DealField, Standard, StandardKind
from quotaloom.funnels.standings import Passage, unmet_on_the_way
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.work import Work
from quotaloom_sdk import AttributeKind
from tests.integration.funnels.floors import HOST, TODAY, furnish
from tests.integration.funnels.stage_floors import APPROVAL, CLOSED, LEAD, OFFER, TALKS, StageFloor, staged

MAY = date(2026, 5, 20)
VISITS = Standard(StandardKind.ACTIVITY, activity=ActivityKind.VISIT, at_least=2)
QUOTE = Standard(StandardKind.DOCUMENT, document="Quote")


def asks_for(field: DealField) -> Standard:
    """A standard of a field."""
    return Standard(StandardKind.FIELD, field=field)


async def refused(work: Work, deal: int, stage: int) -> list[tuple[str, str]]:
    """Code and field of all that keeps a deal from a stage."""
    with pytest.raises(InputError) as caught:
        await move_opportunity(work, HOST, deal, stage)
    errors = caught.value.errors if isinstance(caught.value, ManyRefused) else (caught.value,)
    return [(error.code, ".".join(map(str, error.path))) for error in errors]


async def test_every_standard_that_is_not_met_is_told_at_once(database: Database) -> None:
    """Of a bare deal all seven fields, the visits, the document and the approval, in the order of the standards."""
    floor = await staged(database, [*map(asks_for, DealField), VISITS, QUOTE, APPROVAL])
    deal = await floor.open()
    assert await refused(floor.floor.work, deal, (await floor.stages())["offer"]) == [
        ("AMOUNT_MISSING", "amount"),
        ("EXPECTED_CLOSE_MISSING", "expectedCloseOn"),
        ("CUSTOMER_MISSING", "customerId"),
        ("PRODUCT_MISSING", "productId"),
        ("COMPETITORS_MISSING", "competitors"),
        ("NEXT_STEP_MISSING", "nextStep"),
        ("SOURCE_MISSING", "source"),
        ("ACTIVITIES_MISSING", "activities"),
        ("DOCUMENT_MISSING", "documents"),
        ("APPROVAL_MISSING", "id"),
    ]
    assert await floor.at(deal) == "lead"


async def test_a_deal_that_meets_them_moves_on(database: Database) -> None:
    """Two visits since it came, the quote in any case, the head's word, and an amount let it pass; admins too ask."""
    floor = await staged(database, [asks_for(DealField.AMOUNT), VISITS, QUOTE, APPROVAL])
    offer = (await floor.stages())["offer"]
    deal = await floor.open(opened_on=MAY)
    ann, hal = floor.floor.as_member("ann"), floor.floor.as_member("hal")
    await update_opportunity(ann, deal, {"amount": 5_00})
    await add_document(ann, deal, "QUOTE", "https://example.com/q.pdf")
    await decide_stage(hal, deal, approved=True)
    await floor.did(deal, "visit", date(2026, 5, 19))
    await floor.did(deal, "call", MAY)
    await floor.did(deal, "visit", MAY)
    assert await refused(floor.floor.work, deal, offer) == [("ACTIVITIES_MISSING", "activities")]
    await floor.did(deal, "visit", TODAY)
    await move_opportunity(ann, HOST, deal, offer)
    assert await floor.at(deal) == "offer"


async def test_activities_of_ever_count_where_the_standard_says_so(database: Database) -> None:
    """A visit before the deal came into its stage, and none of a kind that is not asked for."""
    floor = await staged(database, [replace(VISITS, at_least=1, in_stage=False)])
    deal = await floor.open(opened_on=TODAY)
    await floor.did(deal, "mail", TODAY)
    assert await refused(floor.floor.work, deal, (await floor.stages())["offer"]) == [
        ("ACTIVITIES_MISSING", "activities")
    ]
    await floor.did(deal, "visit", date(2026, 1, 5))
    await move_opportunity(floor.floor.work, HOST, deal, (await floor.stages())["offer"])


async def test_losing_and_moving_back_ask_for_nothing(database: Database) -> None:
    """Standards hold a deal that goes on; lost, invalid and back it goes without them, and winning needs them."""
    floor = await staged(database, [QUOTE])
    work, stages = floor.floor.work, await floor.stages()
    lost, odd = await floor.open(), await floor.open()
    await lose_opportunity(work, lost, reason="no budget")
    await invalidate_opportunity(work, odd, reason="a test")
    assert (await floor.at(lost), await floor.at(odd)) == ("lost", "odd")
    won = await floor.open(amount=1_00)
    with pytest.raises(InputError, match="the document 'Quote' is to be added first"):
        await win_opportunity(work, HOST, won)
    back = await floor.open(stage_id=stages["offer"])
    await move_opportunity(work, HOST, back, stages["lead"])
    assert await floor.at(back) == "lead"


async def test_the_amount_of_the_win_meets_the_standard(database: Database) -> None:
    """A deal without an amount is won where the amount is told with the win."""
    floor = await staged(database, [asks_for(DealField.AMOUNT)])
    await win_opportunity(floor.floor.work, HOST, deal := await floor.open(), amount=7_00)
    assert await floor.at(deal) == "won"


async def test_stages_that_are_jumped_over_ask_too(database: Database) -> None:
    """From lead to talks the offer's quote is needed, once though both ask; its own approval cannot be jumped over."""
    floor = await furnish(database)
    stages = (replace(LEAD, standards=(QUOTE,)), replace(OFFER, standards=(QUOTE, APPROVAL)), TALKS, *CLOSED)
    strict = StageFloor(floor, await create_funnel(floor.work, NewFunnel("strict", "Strict", stages)))
    deal = await strict.open()
    await decide_stage(floor.work, deal, approved=True)
    ids = await strict.stages()
    assert await refused(floor.work, deal, ids["talks"]) == [
        ("DOCUMENT_MISSING", "documents"),
        ("APPROVAL_MISSING", "id"),
    ]
    assert await refused(floor.work, deal, ids["offer"]) == [("DOCUMENT_MISSING", "documents")]


async def test_attributes_of_the_deal_can_be_asked_for(database: Database) -> None:
    """The attribute must be there when the funnel is laid out; once it is archived, nobody is asked for it."""
    floor = await furnish(database)
    asked = (replace(LEAD, standards=(Standard(StandardKind.FIELD, attribute="region"),)), *CLOSED)
    with pytest.raises(InputError) as caught:
        await create_funnel(floor.work, NewFunnel("strict", "Strict", asked))
    assert (caught.value.code, caught.value.path) == (
        "UNKNOWN_ATTRIBUTE",
        ("stages", 0, "standards", 0, "attribute"),
    )
    region = await define_attribute(
        floor.work, NewAttribute(Subject.OPPORTUNITY, "region", "Region", AttributeKind.TEXT)
    )
    strict = StageFloor(floor, await create_funnel(floor.work, NewFunnel("strict", "Strict", asked)))
    deal = await strict.open(amount=1_00)
    won = (await strict.stages())["won"]
    assert await refused(floor.work, deal, won) == [("ATTRIBUTE_MISSING", "attributes.region")]
    await set_attributes_of(floor.work, Subject.OPPORTUNITY, deal, [NewValue("region", "north")])
    await move_opportunity(floor.work, HOST, deal, won)
    await archive_attribute(floor.work, region)
    await move_opportunity(floor.work, HOST, await strict.open(amount=1_00), won)


async def test_the_latest_decision_of_a_manager_stands(database: Database) -> None:
    """Refused with a note, then approved; when the deal comes back into the stage, it takes a new one."""
    floor = await staged(database, [APPROVAL])
    work, ids = floor.floor.work, await floor.stages()
    deal = await floor.open()
    hal = floor.floor.as_member("hal")
    await decide_stage(hal, deal, approved=False, note="Too cheap")
    with pytest.raises(InputError, match="was refused on 2026-06-01: Too cheap") as caught:
        await move_opportunity(work, HOST, deal, ids["offer"])
    assert caught.value.code == "APPROVAL_REFUSED"
    await decide_stage(hal, deal, approved=True)
    await move_opportunity(work, HOST, deal, ids["offer"])
    later = replace(work, now=work.now.replace(hour=13))
    await move_opportunity(later, HOST, deal, ids["lead"])
    assert await refused(later, deal, ids["offer"]) == [("APPROVAL_MISSING", "id")]


@pytest.mark.parametrize(("who", "position"), [("ann", "ann"), ("wu", "ann"), ("hal", "cem")])
async def test_only_a_head_above_the_position_decides(database: Database, who: str, position: str) -> None:
    """Neither the holder herself nor a head of another team; what one does not see is not there."""
    floor = await staged(database, [APPROVAL])
    deal = await floor.open(position)
    with pytest.raises((AccessDenied, InputError)):
        await decide_stage(floor.floor.as_member(who), deal, approved=True)
    assert await floor.floor.rows("SELECT FROM stage_approval") == []


async def test_nobody_approves_what_he_shares_in(database: Database) -> None:
    """Hal heads the team and shares in the deal: another head above it, or an admin, must decide."""
    floor = await staged(database, [APPROVAL])
    deal = await floor.open(splits=[floor.floor.split("ann", "1")])
    await floor.floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE opportunity_split SET member_id = $2 WHERE company_id = $1",
            transaction.company_id,
            floor.floor.members["hal"],
        )
    )
    with pytest.raises(AccessDenied, match="nobody approves his own"):
        await decide_stage(floor.floor.as_member("hal"), deal, approved=True)
    with pytest.raises(AccessDenied):
        await decide_stage(floor.floor.as_service("funnels:write"), deal, approved=True)
    await decide_stage(floor.floor.work, deal, approved=True)


async def test_a_document_that_is_taken_away_is_missing_again(database: Database) -> None:
    """The audit record keeps what it was."""
    floor = await staged(database, [QUOTE])
    deal = await floor.open()
    document = await add_document(floor.floor.work, deal, "Quote")
    assert await remove_document(floor.floor.as_member("ann"), document) == deal
    assert await refused(floor.floor.work, deal, (await floor.stages())["offer"]) == [("DOCUMENT_MISSING", "documents")]
    audit = await floor.floor.one("SELECT before FROM audit_entry WHERE action = 'opportunity.remove_document'")
    assert '"Quote"' in audit["before"]
    with pytest.raises(InputError) as caught:
        await remove_document(floor.floor.as_member("cem"), document)
    assert caught.value.code == "UNKNOWN_DOCUMENT"


async def test_what_is_missing_is_shown_beforehand_for_many_deals_at_once(database: Database) -> None:
    """To the next stage or to one of choice, as many statements for one as for six; none for what cannot be."""
    floor = await staged(database, [QUOTE])
    work, ids = floor.floor.work, await floor.stages()
    first, second, closed = await floor.open(), await floor.open(), await floor.open()
    await add_document(work, second, "Quote")
    await lose_opportunity(work, closed)
    passages = [
        Passage(first, ids["lead"], None),
        Passage(first, ids["lead"], ids["won"]),
        Passage(second, ids["lead"], None),
        Passage(first, ids["lead"], ids["lost"]),
        Passage(first, ids["lead"], floor.floor.stages["offer"]),
        Passage(closed, ids["lost"], None),
    ]
    async with work.snapshot() as snapshot:
        found = await unmet_on_the_way(snapshot, work.company, passages)
        several = snapshot.statements
    codes = [None if unmet is None else [one.code for one in unmet] for unmet in found]
    assert codes == [["DOCUMENT_MISSING"], ["DOCUMENT_MISSING"], [], [], None, None]
    async with work.snapshot() as snapshot:
        await unmet_on_the_way(snapshot, work.company, passages[:1])
        assert snapshot.statements == several


async def test_a_reopened_deal_meets_its_standards_again(database: Database) -> None:
    """Reopening asks for nothing; from there the stage's standards count as before."""
    floor = await staged(database, [QUOTE])
    deal = await floor.open()
    await lose_opportunity(floor.floor.work, deal)
    await reopen_opportunity(floor.floor.work, deal)
    assert await floor.at(deal) == "lead"
    assert await refused(floor.floor.work, deal, (await floor.stages())["offer"]) == [("DOCUMENT_MISSING", "documents")]
