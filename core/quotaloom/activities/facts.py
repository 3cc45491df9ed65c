"""What an activity is, and what it must be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.instants import business_date
from quotaloom.calendars.periods import known_day
from quotaloom.metrics.currencies import known_currency
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.texts import checked_text
from quotaloom.platform.work import Work

LONGEST_LINE: Final = 200
"""How many characters a matter, a place and a material may have."""

MOST_MATERIALS: Final = 50
"""How many materials an activity may have."""


class ActivityState(StrEnum):
    """Where an activity stands."""

    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an activity is for: a lead, a customer and an opportunity, one of them at least."""

    lead_id: int | None = None
    customer_id: int | None = None
    opportunity_id: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is due or was done: at an instant with an offset, or on a business date, not both."""

    at: datetime | None = None
    on: date | None = None

    @property
    def named(self) -> bool:
        """Whether it says anything."""
        return self.at is not None or self.on is not None


UNNAMED = Moment()


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is told of an activity: its matter, where, with what, at which cost, and what came of it.

    `cost` is in minor units of `currency`, of the company's where None.
    """

    matter: str
    place: str | None = None
    materials: tuple[str, ...] = ()
    cost: int | None = None
    currency: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class NewActivity:
    """Something to plan or to log: `when` is when it is due, or when it was done.

    Without a `member_id` it is the viewer's, without a `position_id` of a position that the member holds then: the one
    that works on the record, if it is his. `request_key` is the sender's own name of the request.
    """

    kind: ActivityKind
    subjects: Subjects
    particulars: Particulars
    when: Moment = UNNAMED
    member_id: int | None = None
    position_id: int | None = None
    request_key: str | None = None


def checked_particulars(given: Particulars, own_currency: str) -> Particulars:
    """The particulars without space around their texts, a cost in its currency.

    Raises `InputError` MATTER_MISSING, TOO_LONG, BAD_TEXT, TOO_MANY_MATERIALS, BLANK, NEGATIVE_AMOUNT, TOO_LARGE,
    AMOUNT_NEEDED for a currency without a cost, UNKNOWN_CURRENCY.
    """
    matter = checked_text(given.matter, ("matter",), "a matter", LONGEST_LINE)
    if matter is None:
        raise InputError("MATTER_MISSING", "say what it is about", ("matter",))
    if len(given.materials) > MOST_MATERIALS:
        message = f"{len(given.materials)} materials are too many: up to {MOST_MATERIALS} are allowed"
        raise InputError("TOO_MANY_MATERIALS", message, ("materials",))
    return replace(
        given,
        matter=matter,
        place=checked_text(given.place, ("place",), "a place", LONGEST_LINE),
        materials=tuple(_material(text, ("materials", number)) for number, text in enumerate(given.materials)),
        currency=_currency(given, own_currency),
        result=checked_text(given.result, ("result",), "a result"),
    )


def _material(text: str, path: Path) -> str:
    material = checked_text(text, path, "a material", LONGEST_LINE)
    if material is None:
        raise InputError("BLANK", "a material has a name", path)
    return material


def _currency(given: Particulars, own_currency: str) -> str | None:
    if given.cost is None:
        if given.currency is not None:
            raise InputError("AMOUNT_NEEDED", "a currency needs a cost", ("cost",))
        return None
    if given.cost < 0:
        raise InputError("NEGATIVE_AMOUNT", "a cost is zero or more", ("cost",))
    if given.cost > LARGEST:
        raise InputError("TOO_LARGE", "the cost does not fit into 64 bits of minor units", ("cost",))
    return known_currency(given.currency or own_currency, ("currency",))


def due_day(work: Work, due: Moment) -> date:
    """The business date on which something is due; raises `InputError` DUE_MISSING, ONE_DATE, BAD_PERIOD."""
    if not due.named:
        raise InputError("DUE_MISSING", "say by when: dueOn or dueAt", ("dueOn",))
    return _day(work, due, "due")


def done_moment(work: Work, done: Moment) -> tuple[date, datetime | None]:
    """The business date on which something was done, and the instant where it is known; now, if nothing is named.

    Raises `InputError` IN_THE_FUTURE, ONE_DATE, BAD_PERIOD.
    """
    if not done.named:
        return work.today, work.now
    day = _day(work, done, "done")
    late = done.at > work.now if done.at is not None else day > work.today
    if late:
        path = ("doneOn",) if done.at is None else ("doneAt",)
        raise InputError("IN_THE_FUTURE", f"{done.at or day} is still to come: what is done lies behind us", path)
    return day, done.at


def _day(work: Work, moment: Moment, name: str) -> date:
    if moment.at is not None and moment.on is not None:
        raise InputError("ONE_DATE", f"give {name}On or {name}At, one of them", (f"{name}On",))
    given, path = (moment.on, f"{name}On") if moment.at is None else (moment.at, f"{name}At")
    assert given is not None
    try:
        return known_day(business_date(given, work.company.time_zone))
    except InputError as error:
        raise error.at(path) from None
