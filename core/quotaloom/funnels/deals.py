"""What an opportunity is made of, and what it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from quotaloom.calendars.periods import known_day
from quotaloom.funnels.deal_lines import DealLine, amount_of_lines, check_lines
from quotaloom.funnels.forecasting import ForecastCategory
from quotaloom.funnels.naming import check_key, check_name
from quotaloom.funnels.splits import Split, check_splits
from quotaloom.metrics.currencies import known_currency
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.texts import LONGEST_REASON as LONGEST_REASON
from quotaloom.platform.texts import checked_reason, checked_text

MOST_COMPETITORS = 50
"""How many competitors a deal may name."""

LONGEST_COMPETITOR = 200
LONGEST_STEP = 500
LONGEST_SOURCE = 100
"""How many characters a competitor, the next step and the source of a deal may have."""


@dataclass(frozen=True, slots=True)
class NewOpportunity:
    """A possible deal.

    `amount` is in minor units of `currency` (the company's, where None). `amount_estimated` marks an amount
    that nobody negotiated yet, such as a list price. Without a `key` one is made of the id, without a `name`
    the customer's name or the key is taken, without a `stage_id` the funnel's first open stage. Without
    `splits` the whole credit is of the position's holder on the day of the win.

    `lines` are what is sold; where they have amounts, these make the deal's. `next_step_on` is when the next step is to
    be taken, `source` where the deal came from, `forecast` what its owner makes of it.
    """

    funnel_id: int
    position_id: int
    key: str | None = None
    name: str | None = None
    stage_id: int | None = None
    customer_id: int | None = None
    product_id: int | None = None
    amount: int | None = None
    currency: str | None = None
    amount_estimated: bool = False
    opened_on: date | None = None
    expected_close_on: date | None = None
    splits: Sequence[Split] = ()
    lines: Sequence[DealLine] = ()
    competitors: Sequence[str] = ()
    next_step: str | None = None
    next_step_on: date | None = None
    source: str | None = None
    forecast: ForecastCategory = ForecastCategory.PIPELINE


@dataclass(frozen=True, slots=True)
class PastMove:
    """A stage that a deal was in, and the day on which it came there, where known."""

    stage_id: int
    moved_on: date | None


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """An opportunity as another system knows it: perhaps closed already, perhaps with earlier moves.

    `moves` ends with the deal's stage; without any, the deal came into its stage on the day it was closed, or
    else opened. A won deal has an amount and a `closed_on`, its revenue's business date. One of a pool (`pool_id`) goes
    back there; an open one that `waits` there is in nobody's hands, and its position is the one that it comes from.
    """

    deal: NewOpportunity
    closed_on: date | None = None
    lost_reason: str | None = None
    moves: Sequence[PastMove] = ()
    pool_id: int | None = None
    waits: bool = False


def check_deal(deal: NewOpportunity) -> None:
    """Raise `InputError` for values that no deal can have; what its ids name is not looked at."""
    check_key(deal.key, ("key",))
    check_name(deal.name, ("name",))
    check_amount(deal.amount)
    if deal.currency is not None:
        known_currency(deal.currency, ("currency",))
    if deal.amount_estimated and deal.amount is None:
        raise InputError("AMOUNT_NEEDED", "an estimated amount needs an amount", ("amount",))
    check_day(deal.opened_on, ("openedOn",))
    check_day(deal.expected_close_on, ("expectedCloseOn",))
    if deal.opened_on and deal.expected_close_on and deal.expected_close_on < deal.opened_on:
        raise InputError(
            "CLOSED_BEFORE_OPENED",
            f"the expected close {deal.expected_close_on} is before {deal.opened_on}, when it was opened",
            ("expectedCloseOn",),
        )
    check_splits(deal.splits)
    check_lines(deal.lines, deal.amount)
    if deal.next_step_on is not None and deal.next_step is None:
        raise InputError("STEP_NEEDED", "a day of the next step needs the step", ("nextStep",))
    check_day(deal.next_step_on, ("nextStepOn",))


def completed(deal: NewOpportunity) -> NewOpportunity:
    """The deal with texts as they are stored, blank ones as None, and with the amount of its lines if it names none.

    Raises `InputError` for texts that are too long, blank competitors, and too many of them.
    """
    if len(deal.competitors) > MOST_COMPETITORS:
        message = f"a deal names at most {MOST_COMPETITORS} competitors"
        raise InputError("TOO_MANY_COMPETITORS", message, ("competitors",))
    return replace(
        deal,
        amount=amount_of_lines(deal.lines) if deal.amount is None else deal.amount,
        competitors=tuple(_competitor(name, number) for number, name in enumerate(deal.competitors)),
        next_step=checked_text(deal.next_step, ("nextStep",), "a next step", LONGEST_STEP),
        source=checked_text(deal.source, ("source",), "a source", LONGEST_SOURCE),
    )


def _competitor(name: str, number: int) -> str:
    known = checked_text(name, ("competitors", number), "a competitor", LONGEST_COMPETITOR)
    if known is None:
        raise InputError("BLANK", "a competitor has a name", ("competitors", number))
    return known


def check_amount(amount: int | None) -> None:
    """Raise `InputError` for an amount below zero or beyond 64 bits; None is an unknown one."""
    if amount is not None and amount < 0:
        raise InputError("NEGATIVE_AMOUNT", "the amount of a deal is zero or more", ("amount",))
    if amount is not None and amount > LARGEST:
        raise InputError("TOO_LARGE", "the amount does not fit into 64 bits of minor units", ("amount",))


def check_row(row: OpportunityRow) -> None:
    """`check_deal`, and that the dates of its past are in order."""
    check_deal(row.deal)
    checked_reason(row.lost_reason, ("lostReason",))
    check_day(row.closed_on, ("closedOn",))
    if row.closed_on is not None:
        check_close(row.deal.opened_on, row.closed_on, ("closedOn",))
    days = [move.moved_on for move in row.moves if move.moved_on is not None]
    if days != sorted(days):
        raise InputError("BAD_MOVES", "moves are named in the order of their days", ("moves",))


def check_day(day: date | None, path: Path) -> None:
    """Raise `InputError` BAD_PERIOD for a day before 1900 or after 2999; None is an unknown one."""
    if day is not None:
        try:
            known_day(day)
        except InputError as error:
            raise error.at(*path) from None


def check_close(opened_on: date | None, closed_on: date, path: Path = ("on",)) -> None:
    """Raise `InputError` where a deal would close before it was opened."""
    if opened_on is not None and closed_on < opened_on:
        raise InputError("CLOSED_BEFORE_OPENED", f"{closed_on} is before {opened_on}, when the deal was opened", path)
