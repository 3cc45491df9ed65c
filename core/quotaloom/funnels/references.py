"""What the ids in opportunities name: read once for a whole batch, then looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from quotaloom.funnels.batches import of_row
from quotaloom.funnels.deals import OpportunityRow
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.stored_stages import StageFacts, load_stages
from quotaloom.ownership.permission import unknown
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class References:
    """What a batch of opportunities names, as far as it exists.

    `stages` holds the stages of each funnel's latest version in order, `holders` who holds a position on a day, `held`
    each position with everybody who has held it up to today.
    """

    stages: Mapping[int, Sequence[StageFacts]]
    positions: frozenset[int]
    customers: Mapping[int, str]
    products: frozenset[int]
    holders: Mapping[tuple[int, date], int]
    held: frozenset[tuple[int, int]]

    def stage(self, funnel_id: int, stage_id: int | None, path: Path = ("stageId",)) -> StageFacts:
        """The funnel's stage with this id, or its first open one; raises `NotFound`."""
        stages = self.stages.get(funnel_id)
        if not stages:
            raise unknown("funnel", funnel_id, ("funnelId",))
        for stage in stages:
            if stage.id == stage_id or (stage_id is None and stage.outcome is Outcome.OPEN):
                return stage
        raise unknown("stage", f"{stage_id} in this funnel", path)

    def check(self, row: OpportunityRow) -> None:
        """Raise `NotFound` for an id of the deal that names nothing."""
        deal = row.deal
        if deal.position_id not in self.positions:
            raise unknown("position", deal.position_id, ("positionId",))
        if deal.customer_id is not None and deal.customer_id not in self.customers:
            raise unknown("customer", deal.customer_id, ("customerId",))
        if deal.product_id is not None and deal.product_id not in self.products:
            raise unknown("product", deal.product_id, ("productId",))
        for number, line in enumerate(deal.lines):
            if line.product_id not in self.products:
                raise unknown("product", line.product_id, ("lines", number, "productId"))

    def name_members(self, splits: Sequence[Split], day: date) -> tuple[Split, ...]:
        """The splits, each with its member: the one named, who must hold or have held the position, or its holder.

        Raises `NotFound` for an unknown position, `InputError` VACANT where nobody holds it on `day` and
        NEVER_HELD for a member who never did.
        """
        named = []
        for number, split in enumerate(splits):
            with of_row(number, "splits"):
                named.append(replace(split, member_id=self._member_of(split, day)))
        return tuple(named)

    def _member_of(self, split: Split, day: date) -> int:
        if split.position_id not in self.positions:
            raise unknown("position", split.position_id, ("positionId",))
        if split.member_id is None:
            holder = self.holders.get((split.position_id, day))
            if holder is None:
                raise InputError(
                    "VACANT", f"nobody holds position {split.position_id} on {day}: name the member", ("memberId",)
                )
            return holder
        if (split.position_id, split.member_id) not in self.held:
            raise InputError(
                "NEVER_HELD",
                f"member {split.member_id} neither holds nor has held position {split.position_id}",
                ("memberId",),
            )
        return split.member_id


async def load_references(transaction: Transaction, rows: Sequence[OpportunityRow], today: date) -> References:
    """What the rows name, in five statements however many rows there are."""
    deals = [row.deal for row in rows]
    splits = [(split, credit_day(row, today)) for row in rows for split in row.deal.splits]
    days = {(row.deal.position_id, credit_day(row, today)) for row in rows}
    days |= {(split.position_id, day) for split, day in splits}
    days = {(position_id, day) for position_id, day in days if may_be_id(position_id)}
    positions = await _rows(
        transaction,
        "SELECT id FROM org_unit WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND kind = 'position'",
        (position_id for position_id, _ in days),
    )
    customers = await _rows(
        transaction,
        "SELECT id, name FROM customer WHERE company_id = $1 AND id = ANY ($2::bigint[])",
        (deal.customer_id for deal in deals),
    )
    products = await _rows(
        transaction,
        "SELECT id FROM product WHERE company_id = $1 AND id = ANY ($2::bigint[])",
        (number for deal in deals for number in (deal.product_id, *(line.product_id for line in deal.lines))),
    )
    return References(
        stages=await load_stages(transaction, (deal.funnel_id for deal in deals)),
        positions=frozenset(row["id"] for row in positions),
        customers={row["id"]: row["name"] for row in customers},
        products=frozenset(row["id"] for row in products),
        holders=await _holders(transaction, sorted(days)),
        held=await _held(transaction, [split for split, _ in splits if split.member_id is not None], today),
    )


def credit_day(row: OpportunityRow, today: date) -> date:
    """The day on which the holder of a position is the one who works on its deal."""
    return row.closed_on or today


async def _rows(transaction: Transaction, sql: str, ids: Iterable[int | None]) -> Sequence[Any]:
    named = sorted({number for number in ids if number is not None and may_be_id(number)})
    return await transaction.fetch(sql, transaction.company_id, named)


async def _holders(transaction: Transaction, days: Sequence[tuple[int, date]]) -> dict[tuple[int, date], int]:
    rows = await transaction.fetch(
        "SELECT given.position_id, given.day, holding.member_id FROM unnest($2::bigint[], $3::date[])"
        " AS given (position_id, day) JOIN holding ON holding.company_id = $1"
        " AND holding.position_id = given.position_id"
        " AND daterange(holding.valid_from, holding.valid_to) @> given.day",
        transaction.company_id,
        [position_id for position_id, _ in days],
        [day for _, day in days],
    )
    return {(row["position_id"], row["day"]): row["member_id"] for row in rows}


async def _held(transaction: Transaction, splits: Sequence[Split], today: date) -> frozenset[tuple[int, int]]:
    if not splits:
        return frozenset()
    rows = await transaction.fetch(
        "SELECT position_id, member_id FROM holding WHERE company_id = $1 AND position_id = ANY ($2::bigint[])"
        " AND (valid_from IS NULL OR valid_from <= $3)",
        transaction.company_id,
        sorted({split.position_id for split in splits if may_be_id(split.position_id)}),
        today,
    )
    return frozenset((row["position_id"], row["member_id"]) for row in rows)
