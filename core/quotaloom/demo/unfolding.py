"""What happens in the demo company in a month: changes of the organization, deals that close, refunds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quotaloom.achievements.entries import Reversal
from quotaloom.achievements.ledger import reverse
from quotaloom.calendars.periods import Period
from quotaloom.demo.beginning import FUNNEL
from quotaloom.demo.keys import Keys, load_keys
from quotaloom.demo.story import Appointment, Change, DemoDeal, DemoRefund, DemoSplit, DemoStory
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow, PastMove
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.funnels.splits import Split
from quotaloom.metrics.built_in import NEW_CUSTOMERS, REVENUE
from quotaloom.organizations.membership import NewMember, insert_members, let_leave
from quotaloom.organizations.placing import place_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts


async def unfold_month(transaction: Transaction, company: CompanyFacts, story: DemoStory, month: Period) -> None:
    """Write what happened in `month` up to the story's day; it is posted as of the transaction's moment."""
    for change in story.organization.changes:
        if change.on in month and change.on <= story.today:
            await _change(transaction, change)
    closed = [deal for deal in story.deals if deal.closed_on is not None and deal.closed_on in month]
    await _enter(transaction, company, story, closed)
    for refund in story.refunds:
        if refund.on in month:
            await _refund(transaction, company, refund)


async def enter_open_deals(transaction: Transaction, company: CompanyFacts, story: DemoStory) -> None:
    """Write the deals that are under way."""
    await _enter(transaction, company, story, [deal for deal in story.deals if deal.closed_on is None])


async def _change(transaction: Transaction, change: Change) -> None:
    keys = await load_keys(transaction, FUNNEL.key)
    if (joins := change.joins) is not None:
        member = NewMember(joins.name, joins.email, key=joins.key, joined_on=joins.joined_on)
        await insert_members(transaction, [member])
    if change.leaves is not None:
        await let_leave(transaction, keys.members[change.leaves], change.on)
    if (opens := change.opens) is not None:
        unit = NewUnit(opens.name, opens.kind, keys.units[opens.parent_key], opens.key, change.on, ordinal=99)
        await insert_units(transaction, [unit])
    if change.moves is not None:
        unit_key, parent_key = change.moves
        await place_unit(transaction, keys.units[unit_key], keys.units[parent_key], change.on, ordinal=99)
    if change.appoints is not None:
        await _appoint(transaction, change, change.appoints, keys)


async def _appoint(transaction: Transaction, change: Change, wanted: Appointment, keys: Keys) -> None:
    unit_id = keys.units[wanted.unit_key]
    row = await transaction.fetch_one("SELECT kind FROM org_unit WHERE id = $1", unit_id)
    kind = HOLDING if row is not None and row["kind"] == "position" else HEADSHIP
    term = NewTerm(unit_id, keys.members[wanted.member_key], change.on)
    await appoint(transaction, kind, [term], replace=True)


async def _enter(transaction: Transaction, company: CompanyFacts, story: DemoStory, deals: Sequence[DemoDeal]) -> None:
    keys = await load_keys(transaction, FUNNEL.key)
    await insert_opportunities(transaction, company, [_row(deal, keys) for deal in deals])


def _row(deal: DemoDeal, keys: Keys) -> OpportunityRow:
    return OpportunityRow(
        NewOpportunity(
            funnel_id=keys.funnel_id,
            position_id=keys.units[deal.position_key],
            key=deal.key,
            name=deal.name,
            stage_id=keys.stages[deal.stage_key],
            customer_id=keys.customers[deal.customer_key],
            product_id=keys.products[deal.product_key],
            amount=deal.amount,
            currency=deal.currency,
            opened_on=deal.opened_on,
            expected_close_on=max(deal.expected_close_on, deal.opened_on),
            splits=_splits(deal.splits, keys),
        ),
        closed_on=deal.closed_on,
        lost_reason=deal.lost_reason,
        moves=[PastMove(keys.stages[stage], day) for stage, day in deal.moves],
    )


def _splits(splits: Iterable[DemoSplit], keys: Keys) -> tuple[Split, ...]:
    return tuple(Split(keys.units[split.position_key], split.share, split.kind) for split in splits)


async def _refund(transaction: Transaction, company: CompanyFacts, refund: DemoRefund) -> None:
    """A part is of the revenue alone; the whole takes order and margin back as well, and the customer stays one."""
    entries = await transaction.fetch(
        "SELECT entry.id, metric.key AS metric FROM achievement_entry AS entry"
        " JOIN metric ON metric.company_id = entry.company_id AND metric.id = entry.metric_id"
        " WHERE entry.source_key = $1 AND entry.reverses_id IS NULL ORDER BY entry.id",
        refund.deal_key,
    )
    reversals = [
        Reversal(entry["id"], refund.amount, f"refund:{refund.key}:{entry['metric']}", refund.key)
        for entry in entries
        if entry["metric"] == REVENUE or (refund.amount is None and entry["metric"] != NEW_CUSTOMERS)
    ]
    await reverse(transaction, company, reversals)
