"""What requests tell about months, units, people, deals and activities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from quotaloom_sdk.attributes import NO_ATTRIBUTES, Attributes
from quotaloom_sdk.needs import Need, given_if


@dataclass(frozen=True, slots=True)
class MonthFact:
    """A fiscal month: its label (`2017-06`), its first day, and the first day after it.

    `workdays`: how many days the company works in it; needs CALENDAR. `fiscal_year` is the year that it is in, and
    `number` its place there, 1 to 12.
    """

    label: str
    starts_on: date
    ends_on: date
    workdays: int | None = field(default=None, metadata=given_if(Need.CALENDAR))
    fiscal_year: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """A period: its label (`2017`, `2017-Q2`, `2017-06`), its first day, and the first day after it.

    `workdays`: how many days the company works in it; needs CALENDAR.
    """

    label: str
    starts_on: date
    ends_on: date
    workdays: int | None = field(default=None, metadata=given_if(Need.CALENDAR))


@dataclass(frozen=True, slots=True)
class Load:
    """What a unit or a member carries today.

    `members` hold a position in it today (1 for a member himself). `customers` are held by it, or have an open or a won
    deal with it; `leads` and `opportunities` are the open ones. `open_amount` is what those opportunities are worth in
    minor units of the company's currency, others at today's booking rate.
    """

    members: int
    customers: int
    leads: int
    opportunities: int
    open_amount: int


@dataclass(frozen=True, slots=True)
class WorksheetFact:
    """The figures of a unit's worksheet, as it was last filled for a plan of the metric, of `fiscal_year`.

    Each is None while nobody has noted it. `customers_needed`: how many customers the target takes. `repurchase_rate`:
    how many orders a customer gives in a year. `money`: what the target takes, in minor units of the company's
    currency.
    """

    fiscal_year: int
    customers_needed: int | None = None
    repurchase_rate: Decimal | None = None
    money: int | None = None


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A unit of the tree. `kind` is company, department, team or position; `key` is the company's own name for it.

    Lists have one figure per month of the request, in minor units (cents, orders). `achieved`: what the whole
    unit achieved in the same months of last year, negative where refunds outweigh; needs HISTORY. `planned`: the
    unit's own targets that stand in the plan already, None for a month without; needs PLAN. `attributes` need
    ATTRIBUTES, `load` needs LOAD. `recent`: what the whole unit achieved in each of the request's `recent_months`;
    needs RECENT. `worksheet` needs WORKSHEET and is None where nobody has filled one.
    """

    id: str
    name: str
    kind: str
    achieved: tuple[int, ...] = field(default=(), metadata=given_if(Need.HISTORY))
    planned: tuple[int | None, ...] = field(default=(), metadata=given_if(Need.PLAN))
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))
    load: Load | None = field(default=None, metadata=given_if(Need.LOAD))
    key: str = ""
    recent: tuple[int, ...] = field(default=(), metadata=given_if(Need.RECENT))
    worksheet: WorksheetFact | None = field(default=None, metadata=given_if(Need.WORKSHEET))


@dataclass(frozen=True, slots=True)
class MemberFact:
    """A member; `positions` are the ids of those he holds or, in a period, has held. `attributes` need ATTRIBUTES."""

    id: str
    name: str
    positions: tuple[str, ...] = ()
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))


@dataclass(frozen=True, slots=True)
class CustomerFact:
    """A customer; `level` is its level, None as long as the product has none. `attributes` need ATTRIBUTES."""

    id: str
    name: str
    level: str | None = None
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))


@dataclass(frozen=True, slots=True)
class DealFact:
    """An opportunity, won or open; `amount` in minor units of `currency`, None while nobody knows it.

    `position_id` is the position it belongs to and `member_id` who held that when the deal came to it. `product_key`
    and `customer` are None where none is named. Days are business dates. `attributes` need ATTRIBUTES.
    """

    id: str
    name: str
    amount: int | None
    currency: str
    position_id: str
    member_id: str | None = None
    product_key: str | None = None
    customer: CustomerFact | None = None
    opened_on: date | None = None
    expected_close_on: date | None = None
    closed_on: date | None = None
    attributes: Attributes = field(default=NO_ATTRIBUTES, metadata=given_if(Need.ATTRIBUTES))


@dataclass(frozen=True, slots=True)
class LineFact:
    """A metric in a period against its three lines, in the metric's minor units.

    `achieved` is always there. `target`, `assessment` and `stretch` need PLAN and are None where there is none.
    `lower_is_better` tells of a metric such as complaints, of which less is aimed for.
    """

    metric_key: str
    achieved: int
    target: int | None = field(default=None, metadata=given_if(Need.PLAN))
    assessment: int | None = field(default=None, metadata=given_if(Need.PLAN))
    stretch: int | None = field(default=None, metadata=given_if(Need.PLAN))
    lower_is_better: bool = False

    @property
    def rate(self) -> Fraction | None:
        """Achieved ÷ target, exactly; None where the target is 0 or absent."""
        return Fraction(self.achieved, self.target) if self.target else None
