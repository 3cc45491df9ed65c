"""Writing many opportunities at once, with their splits, their moves and the ledger entries of their wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

import orjson

from quotaloom.funnels.batches import Inserted, first_repeated, of_row, reserve_ids
from quotaloom.funnels.deal_lines import insert_lines
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow, PastMove, check_row, completed
from quotaloom.funnels.funnel_units import require_funnels
from quotaloom.funnels.moves import Move, insert_moves
from quotaloom.funnels.references import References, credit_day, load_references
from quotaloom.funnels.splits import Split, insert_splits
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_stages import StageFacts
from quotaloom.funnels.winnings import Win, post_wins
from quotaloom.ownership.holding_caps import require_caps_kept
from quotaloom.ownership.ledger import begin_ownership
from quotaloom.ownership.owners import Movement, Owner, RecordKind
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row of which everything is known."""

    number: int
    id: int
    key: str
    name: str
    currency: str
    stage: StageFacts
    member_id: int | None
    splits: tuple[Split, ...]
    moves: tuple[PastMove, ...]
    row: OpportunityRow

    @property
    def deal(self) -> NewOpportunity:
        return self.row.deal

    @property
    def owner(self) -> Owner:
        if self.row.waits:
            return Owner(self.row.pool_id)
        return Owner(self.row.pool_id, self.member_id, self.deal.position_id)

    @property
    def wins(self) -> int:
        return int(self.stage.outcome is Outcome.WON)


async def insert_opportunities(
    transaction: Transaction,
    company: CompanyFacts,
    rows: Sequence[OpportunityRow],
    movement: Movement = Movement.CREATE,
) -> Inserted:
    """Insert many opportunities in a constant number of statements; won ones post to the ledger.

    Each is its position's from the start, and its member's, or waits in its pool, by `movement`; imports are bound by
    holding caps. One whose key is stored stays as it is and posts nothing. Moves are recorded as of now, with the day
    on which they happened where it is known. Raises `InputError` with the row's number first in its path.
    """
    today = company.today(transaction.now)
    rows = [_checked(row, number) for number, row in enumerate(rows)]
    if (repeated := first_repeated([row.deal.key for row in rows])) is not None:
        key = rows[repeated].deal.key
        raise InputError("DUPLICATE_KEY", f"two opportunities have the key {key!r}", (repeated, "key"))
    references = await load_references(transaction, rows, today)
    await require_funnels(transaction, [row.deal for row in rows], today)
    ids = await reserve_ids(transaction, "opportunity", len(rows))
    ready = []
    for number, (row, new_id) in enumerate(zip(rows, ids, strict=True)):
        with of_row(number):
            ready.append(_ready(row, number, new_id, references, company, today))
    return await _store(transaction, company, ready, movement, today)


def _checked(row: OpportunityRow, number: int) -> OpportunityRow:
    with of_row(number):
        row = replace(row, deal=completed(row.deal))
        check_row(row)
    return row


def _ready(
    row: OpportunityRow, number: int, new_id: int, known: References, company: CompanyFacts, today: date
) -> _Ready:
    deal, day = row.deal, credit_day(row, today)
    known.check(row)
    stage = known.stage(deal.funnel_id, deal.stage_id)
    _check_close(row, stage)
    key = deal.key or f"opportunity-{new_id}"
    name = deal.name or (known.customers[deal.customer_id] if deal.customer_id is not None else key)
    return _Ready(
        number=number,
        id=new_id,
        key=key,
        name=name.strip(),
        currency=deal.currency or company.currency,
        stage=stage,
        member_id=known.holders.get((deal.position_id, day)),
        splits=known.name_members(deal.splits, day),
        moves=_moves(row, stage, known),
        row=row,
    )


def _check_close(row: OpportunityRow, stage: StageFacts) -> None:
    if row.waits and (row.pool_id is None or stage.outcome is not Outcome.OPEN):
        raise InputError("NOT_OPEN", "a deal that waits in a pool is open, and its pool is named", ("poolId",))
    if stage.outcome is Outcome.OPEN and row.closed_on is not None:
        raise InputError("NOT_CLOSED", f"a deal in the open stage {stage.name!r} has no close date", ("closedOn",))
    if stage.outcome is Outcome.WON and row.closed_on is None:
        raise InputError("CLOSE_DATE_NEEDED", "a won deal needs the date on which it was closed", ("closedOn",))
    if stage.outcome is Outcome.WON and row.deal.amount is None:
        raise InputError("AMOUNT_NEEDED", "a won deal needs an amount", ("amount",))


def _moves(row: OpportunityRow, stage: StageFacts, known: References) -> tuple[PastMove, ...]:
    if not row.moves:
        return (PastMove(stage.id, row.closed_on or row.deal.opened_on),)
    for number, move in enumerate(row.moves):
        known.stage(row.deal.funnel_id, move.stage_id, ("moves", number, "stageId"))
    if row.moves[-1].stage_id != stage.id:
        raise InputError("BAD_MOVES", f"the last move leads into the deal's stage, {stage.name!r}", ("moves",))
    return tuple(row.moves)


async def _store(
    transaction: Transaction, company: CompanyFacts, ready: Sequence[_Ready], movement: Movement, today: date
) -> Inserted:
    created = await _insert(transaction, ready)
    fresh = [one for one in ready if one.id in created]
    owners = [(one.id, one.owner) for one in fresh]
    await begin_ownership(transaction, RecordKind.OPPORTUNITY, owners, movement, today)
    places = {one.id: (one.number, "positionId") for one in fresh}
    await require_caps_kept(transaction, RecordKind.OPPORTUNITY, places)
    await insert_splits(transaction, [(one.id, one.splits) for one in fresh])
    await insert_lines(transaction, [(one.id, one.deal.lines) for one in fresh])
    await insert_moves(transaction, [move for one in fresh for move in _past(one)])
    for one in fresh:
        transaction.record("opportunity.create", "Opportunity", one.id, after=asdict(one.row) | {"key": one.key})
        transaction.publish("opportunity.created", id=one.id)
    await post_wins(transaction, company, [_win(one) for one in fresh if one.wins])
    if len(fresh) == len(ready):
        return Inserted(tuple(one.id for one in ready), (True,) * len(ready))
    stored = await transaction.fetch(
        "SELECT id, key FROM opportunity WHERE company_id = $1 AND key = ANY ($2::text[])",
        transaction.company_id,
        [one.key for one in ready],
    )
    ids = {row["key"]: row["id"] for row in stored}
    return Inserted(tuple(ids[one.key] for one in ready), tuple(one.id in created for one in ready))


async def _insert(transaction: Transaction, ready: Sequence[_Ready]) -> frozenset[int]:
    rows = [
        (
            *(one.id, one.key, one.name, one.deal.funnel_id, one.stage.id),
            *(one.owner.position_id, one.owner.member_id),
            *(one.deal.customer_id, one.deal.product_id, one.deal.amount, one.currency, one.deal.amount_estimated),
            *(one.deal.opened_on, one.deal.expected_close_on, one.row.closed_on, one.row.lost_reason, one.wins),
            *(one.deal.source, one.deal.forecast.value, one.deal.next_step, one.deal.next_step_on),
            orjson.dumps(list(one.deal.competitors)).decode(),
        )
        for one in ready
    ]
    if not rows:
        return frozenset()
    stored = await transaction.fetch(
        "INSERT INTO opportunity (company_id, version, id, key, name, funnel_id, stage_id, position_id, member_id,"
        " customer_id, product_id, amount, currency, amount_estimated, opened_on, expected_close_on, closed_on,"
        " lost_reason, wins, source, forecast, next_step, next_step_on, competitors)"
        " SELECT $1, 1, given.* FROM unnest($2::bigint[], $3::text[], $4::text[],"
        " $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],"
        " $12::text[], $13::bool[], $14::date[], $15::date[], $16::date[], $17::text[], $18::int[],"
        " $19::text[], $20::text[], $21::text[], $22::date[], $23::text[]::jsonb[]) AS given"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
        transaction.company_id,
        *zip(*rows, strict=True),
    )
    return frozenset(row["id"] for row in stored)


def _past(one: _Ready) -> list[Move]:
    before = [None, *(move.stage_id for move in one.moves)]
    return [
        Move(one.id, from_stage_id, move.stage_id, move.moved_on)
        for from_stage_id, move in zip(before[:-1], one.moves, strict=True)
    ]


def _win(one: _Ready) -> Win:
    assert one.deal.amount is not None
    assert one.row.closed_on is not None
    return Win(
        opportunity_id=one.id,
        key=one.key,
        number=one.wins,
        amount=one.deal.amount,
        currency=one.currency,
        closed_on=one.row.closed_on,
        position_id=one.deal.position_id,
        splits=one.splits,
        customer_id=one.deal.customer_id,
        product_id=one.deal.product_id,
        lines=tuple(one.deal.lines),
        path=(one.number,),
    )
