"""What the demo company consists of, as values that refer to each other by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from quotaloom.achievements.splits import CreditKind
from quotaloom.calendars.commands import SpecialDay
from quotaloom.calendars.periods import Period
from quotaloom.metrics.product_commands import NewProduct
from quotaloom.metrics.rates import Rate


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A department, team or position under its parent."""

    key: str
    name: str
    kind: str
    parent_key: str


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A person; `joined_on` is the first day."""

    key: str
    name: str
    email: str
    joined_on: date


class Duty(StrEnum):
    """What the holder of a position does: sells, helps others to sell (overlay credit), or still learns."""

    SALES = "sales"
    ENGINEER = "engineer"
    TRAINEE = "trainee"


@dataclass(frozen=True, slots=True)
class Seat:
    """A position as the deals see it; `strength` weighs how many deals it gets, 100 is usual.

    `absences` are the ranges [from, to) on which nobody holds it.
    """

    key: str
    region_key: str
    duty: Duty
    strength: int
    absences: tuple[tuple[date, date], ...] = ()

    def held_on(self, day: date) -> bool:
        """Whether somebody holds the position on a day."""
        return not any(start <= day < end for start, end in self.absences)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A member who holds a position or heads a unit, as the unit's kind has it."""

    unit_key: str
    member_key: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to the organization on a day; exactly one of the others is there.

    `moves` is a unit and its new parent; `leaves` is the key of a member whose first day away it is.
    """

    on: date
    joins: DemoMember | None = None
    leaves: str | None = None
    opens: DemoUnit | None = None
    moves: tuple[str, str] | None = None
    appoints: Appointment | None = None


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """The tree, its members, who holds and heads what at the beginning, and what changes later, by day."""

    units: tuple[DemoUnit, ...]
    members: tuple[DemoMember, ...]
    appointments: tuple[Appointment, ...]
    seats: tuple[Seat, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer; deals with one overseas are in US dollars."""

    key: str
    name: str
    sector: str
    location: str
    parent_key: str | None = None
    overseas: bool = False


@dataclass(frozen=True, slots=True)
class DemoSplit:
    """A share (0 to 1) of the credit of a deal for a position."""

    position_key: str
    share: Decimal
    kind: CreditKind = CreditKind.DIRECT


@dataclass(frozen=True, slots=True)
class DemoDeal:
    """A deal; `amount` is in minor units of `currency`, `value` in minor units of the company's.

    `moves` names every stage it was in with the day it came there; `closed_on` is None while it is open.
    """

    key: str
    name: str
    customer_key: str
    product_key: str
    position_key: str
    amount: int
    currency: str
    value: int
    opened_on: date
    expected_close_on: date
    closed_on: date | None
    moves: tuple[tuple[str, date], ...]
    lost_reason: str | None = None
    splits: tuple[DemoSplit, ...] = ()

    @property
    def stage_key(self) -> str:
        """The stage it is in."""
        return self.moves[-1][0]


@dataclass(frozen=True, slots=True)
class DemoRefund:
    """Money given back on a day: `amount` in minor units of the deal's currency, or the whole deal where None."""

    key: str
    on: date
    deal_key: str
    amount: int | None


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A revenue plan: the company's target for a fiscal year in minor units, and the policy that splits it."""

    name: str
    fiscal_year: int
    target: int
    policy: str


@dataclass(frozen=True, slots=True)
class DemoStory:
    """Everything that has happened in the demo company up to the end of `today`.

    `last_year` is the last complete fiscal year and `present_year` the one that `today` is in.
    """

    today: date
    last_year: Period
    present_year: Period
    organization: DemoOrganization
    holidays: tuple[SpecialDay, ...]
    customers: tuple[DemoCustomer, ...]
    products: tuple[NewProduct, ...]
    rates: tuple[Rate, ...]
    deals: tuple[DemoDeal, ...]
    refunds: tuple[DemoRefund, ...]
    plans: tuple[DemoPlan, DemoPlan]
