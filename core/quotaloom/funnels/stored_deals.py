"""An opportunity as it stands, held fast for the rest of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.deal_lines import DealLine, lines_of_deals
from quotaloom.funnels.forecasting import ForecastCategory
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stages import Outcome
from quotaloom.ownership.permission import unknown, worked_positions
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class StoredDeal:
    """A stored opportunity; `amount` in minor units of `currency`."""

    id: int
    key: str
    name: str
    funnel_id: int
    stage_id: int
    stage_name: str
    outcome: Outcome
    position_id: int
    customer_id: int | None
    product_id: int | None
    amount: int | None
    currency: str
    amount_estimated: bool
    opened_on: date | None
    expected_close_on: date | None
    closed_on: date | None
    wins: int
    version: int
    splits: tuple[Split, ...]
    lines: tuple[DealLine, ...]
    competitors: tuple[str, ...]
    next_step: str | None
    next_step_on: date | None
    source: str | None
    forecast: ForecastCategory

    def require_open(self) -> None:
        """Raise `InputError` CLOSED for a won, lost or invalid deal."""
        if self.outcome is not Outcome.OPEN:
            raise InputError("CLOSED", f"this deal is {self.outcome}: reopen it first", ("id",))


async def hold_deal(
    transaction: Transaction, work: Work, opportunity_id: int, expected_version: int | None
) -> StoredDeal:
    """The opportunity, locked until the transaction ends.

    Raises `NotFound` where it does not exist or is not the viewer's to write, `InputError` WAITING while nobody
    holds it, `Conflict` where it has another version than the one expected.
    """
    if not may_be_id(opportunity_id):
        raise unknown("opportunity", opportunity_id, ("id",))
    # The row is locked by a statement of its own, so that the next one sees what was committed meanwhile.
    await transaction.execute(
        "SELECT FROM opportunity WHERE company_id = $1 AND id = $2 FOR UPDATE", transaction.company_id, opportunity_id
    )
    row = await transaction.fetch_one(
        "SELECT opportunity.*, stage.name AS stage_name, stage.outcome FROM opportunity JOIN stage"
        " ON stage.company_id = opportunity.company_id AND stage.id = opportunity.stage_id"
        " WHERE opportunity.company_id = $1 AND opportunity.id = $2",
        transaction.company_id,
        opportunity_id,
    )
    worked = await worked_positions(transaction, work.viewer, work.today)
    if row is None or (worked is not None and row["position_id"] not in worked):
        raise unknown("opportunity", opportunity_id, ("id",))
    if row["position_id"] is None:
        message = "this deal waits in a pool: claim it, or assign it to a position, before anything is done with it"
        raise InputError("WAITING", message, ("id",))
    if expected_version not in (None, row["version"]):
        raise Conflict(
            "STALE",
            f"this deal has version {row['version']} by now, not {expected_version}: read it again",
            ("expectedVersion",),
        )
    splits = await transaction.fetch(
        "SELECT position_id, member_id, credit, share FROM opportunity_split"
        " WHERE company_id = $1 AND opportunity_id = $2 ORDER BY ordinal",
        transaction.company_id,
        opportunity_id,
    )
    return _stored(row, splits, await lines_of_deals(transaction, [opportunity_id]))


def _stored(row: Record, splits: Sequence[Record], lines: Sequence[Record]) -> StoredDeal:
    values: Mapping[str, Any] = {
        **row,
        "outcome": Outcome(row["outcome"]),
        "splits": tuple(map(_split, splits)),
        "lines": tuple(DealLine(line["product_id"], line["quantity"], line["amount"]) for line in lines),
        "forecast": ForecastCategory(row["forecast"]),
        "competitors": tuple(orjson.loads(row["competitors"])),
    }
    return StoredDeal(**{name: values[name] for name in StoredDeal.__dataclass_fields__})


def _split(row: Record) -> Split:
    return Split(row["position_id"], row["share"], CreditKind(row["credit"]), row["member_id"])
