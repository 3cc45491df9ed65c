"""What an action plan and its items are, and what they must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

from quotaloom.activities.facts import LONGEST_LINE, MOST_MATERIALS, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.texts import checked_text

MOST_ITEMS: Final = 200
"""How many items an action plan may have."""

NO_SUBJECTS: Final = Subjects()
"""What an item is for that names no record."""

GRAINS: Final = (Grain.QUARTER, Grain.MONTH, Grain.WEEK, Grain.DAY)
"""How long action plans are, from the longest to the shortest."""


class PlanState(StrEnum):
    """Where an action plan stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    AGREED = "agreed"
    CLOSED = "closed"


class ItemState(StrEnum):
    """Where an item stands; one that is carried over goes on as an item of another plan."""

    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"
    CARRIED = "carried"


class Step(StrEnum):
    """What is kept in the history of a plan: its own steps, and changes of one that was agreed on."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    AGREED = "agreed"
    CLOSED = "closed"
    PLAN_CHANGED = "plan_changed"
    ITEM_ADDED = "item_added"
    ITEM_CHANGED = "item_changed"
    ITEM_DONE = "item_done"
    ITEM_REOPENED = "item_reopened"
    ITEM_CANCELLED = "item_cancelled"
    ITEM_CARRIED = "item_carried"


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to do, from `starts_on` up to, not including, `ends_on`: in the plan's days if not given.

    `subjects` may be empty; `budget` is in minor units of the company's currency. `activity_id` is an activity that
    fulfils it once it is done, `refines_id` the item of a longer plan that it is a part of.
    """

    kind: ActivityKind
    matter: str
    subjects: Subjects = NO_SUBJECTS
    starts_on: date | None = None
    ends_on: date | None = None
    place: str | None = None
    materials: tuple[str, ...] = ()
    budget: int | None = None
    activity_id: int | None = None
    refines_id: int | None = None
    carried_from_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewPlan:
    """An action plan of a quarter, month, week or day, which `period` names.

    Without a `member_id` it is the viewer's own. `unit_id` is a position that he holds in its days, or a unit that he
    heads: his first if not given. It serves the target of `metric_id` over `target_period`; both are those of the
    longer plan that it belongs to, if not given, and the period is its own without one. `review_id` is a review of the
    member whose outcome it takes up.
    """

    period: str
    member_id: int | None = None
    unit_id: int | None = None
    metric_id: int | None = None
    target_period: str | None = None
    plan_id: int | None = None
    objective_id: int | None = None
    part_of_id: int | None = None
    follows_id: int | None = None
    review_id: int | None = None
    title: str | None = None
    aim: str | None = None
    items: Sequence[NewItem] = field(default_factory=tuple)
    request_key: str | None = None


def plan_period(calendar: FiscalCalendar, label: str, path: Path = ("period",)) -> tuple[Period, Grain]:
    """The days of a plan and how long it is; raises `InputError` BAD_PERIOD, BAD_GRAIN."""
    try:
        period = calendar.period(label)
    except InputError as error:
        raise error.at(*path) from None
    if period.grain is None or period.grain not in GRAINS:
        allowed = ", ".join(GRAINS)
        raise InputError("BAD_GRAIN", f"{label} is none of {allowed}: action plans are of one of these", path)
    return period, period.grain


def checked_title(title: str | None) -> str | None:
    """A plan's title; raises `InputError` TOO_LONG, BAD_TEXT."""
    return checked_text(title, ("title",), "a title", LONGEST_LINE)


def checked_aim(aim: str | None) -> str | None:
    """What a plan is to reach, in words; raises `InputError` TOO_LONG, BAD_TEXT."""
    return checked_text(aim, ("aim",), "an aim")


def checked_item(given: NewItem, days: Period, path: Path = ()) -> NewItem:
    """An item with its days, without space around its texts; `days` are those of its plan.

    Raises `InputError` MATTER_MISSING, TOO_LONG, BAD_TEXT, TOO_MANY_MATERIALS, BLANK, NEGATIVE_AMOUNT, TOO_LARGE,
    BAD_DATES for days that are none, OUT_OF_PERIOD for days outside of the plan's.
    """
    matter = checked_text(given.matter, (*path, "matter"), "a matter", LONGEST_LINE)
    if matter is None:
        raise InputError("MATTER_MISSING", "say what it is about", (*path, "matter"))
    starts_on, ends_on = _days_of(given, days, path)
    return replace(
        given,
        matter=matter,
        starts_on=starts_on,
        ends_on=ends_on,
        place=checked_text(given.place, (*path, "place"), "a place", LONGEST_LINE),
        materials=_materials(given.materials, (*path, "materials")),
        budget=checked_amount(given.budget, (*path, "budget"), "a budget"),
    )


def _days_of(given: NewItem, days: Period, path: Path) -> tuple[date, date]:
    starts_on, ends_on = given.starts_on or days.starts_on, given.ends_on or days.ends_on
    if starts_on >= ends_on:
        message = f"{starts_on} up to {ends_on} has no days: the end is not included and must be later than the start"
        raise InputError("BAD_DATES", message, (*path, "endsOn" if given.ends_on else "startsOn"))
    for day, inside, name in (
        (starts_on, days.starts_on <= starts_on, "startsOn"),
        (ends_on, ends_on <= days.ends_on, "endsOn"),
    ):
        if not inside:
            message = f"{day} is outside of the plan, which covers {days.starts_on} up to {days.ends_on}"
            raise InputError("OUT_OF_PERIOD", message, (*path, name))
    return starts_on, ends_on


def _materials(given: tuple[str, ...], path: Path) -> tuple[str, ...]:
    if len(given) > MOST_MATERIALS:
        message = f"{len(given)} materials are too many: up to {MOST_MATERIALS} are allowed"
        raise InputError("TOO_MANY_MATERIALS", message, path)
    found = []
    for number, text in enumerate(given):
        material = checked_text(text, (*path, number), "a material", LONGEST_LINE)
        if material is None:
            raise InputError("BLANK", "a material has a name", (*path, number))
        found.append(material)
    return tuple(found)


def checked_amount(amount: int | None, path: Path, what: str) -> int | None:
    """An amount in minor units; raises `InputError` NEGATIVE_AMOUNT, TOO_LARGE."""
    if amount is not None and amount < 0:
        raise InputError("NEGATIVE_AMOUNT", f"{what} is zero or more", path)
    if amount is not None and amount > LARGEST:
        raise InputError("TOO_LARGE", f"{what} does not fit into 64 bits of minor units", path)
    return amount
