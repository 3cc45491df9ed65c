"""What was read from the files: records that name each other by their keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.funnels.commands.customers import NewCustomer
from quotaloom.funnels.stages import Outcome
from quotaloom.metrics.product_commands import NewProduct
from quotaloom.organizations.membership import NewMember


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit below the company; `parent_key` None is the company itself.

    `member_key` is the head of a department or team, the holder of a position; `line` is where it stands first.
    """

    key: str
    name: str
    kind: str
    parent_key: str | None
    member_key: str | None
    line: int


@dataclass(frozen=True, slots=True)
class DealRecord:
    """A deal; `amount` is in minor units of the company's currency; `moves` are stages with the day, if known.

    With a `pool_key` it waits in that pool.
    """

    key: str
    name: str | None
    position_key: str
    customer_key: str | None
    product_key: str | None
    stage_key: str
    outcome: Outcome
    amount: int | None
    amount_estimated: bool
    opened_on: date | None
    expected_close_on: date | None
    closed_on: date | None
    lost_reason: str | None
    source: str | None
    moves: tuple[tuple[str, date | None], ...]
    line: int
    pool_key: str | None = None


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead; its position holds it, or it waits in the pool."""

    key: str
    name: str
    organization: str | None
    phone: str | None
    email: str | None
    website: str | None
    source: str | None
    note: str | None
    product_key: str | None
    level_key: str | None
    created_on: date | None
    position_key: str | None
    pool_key: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Records:
    """Everything good that the files hold; units stand after their parents, customers too."""

    members: tuple[NewMember, ...] = ()
    units: tuple[UnitRecord, ...] = ()
    customers: tuple[NewCustomer, ...] = ()
    products: tuple[NewProduct, ...] = ()
    deals: tuple[DealRecord, ...] = ()
    leads: tuple[LeadRecord, ...] = ()
