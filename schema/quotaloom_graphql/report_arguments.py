"""Arguments that all reports take, and the file that a report is downloaded as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Period
from quotaloom.reports.requests import Reader, RowsOf
from quotaloom.reports.subjects import Subject
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.enums import OrgUnitKind
from quotaloom_graphql.nodes import decode_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.ranking_loaders import load_ranked_units
from strawberry_breadth import batch

strawberry.enum(RowsOf, name="ReportRows", description="Whether a report has a row for each unit or for each member.")

Rows = Annotated[RowsOf, strawberry.argument(description="Of whom the rows are.")]
TopUnit = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Only this unit and what lies below it; in a report of members those who hold or head one of them"
        " in that time. Its own sums are the totals."
    ),
]
DirectChildren = Annotated[
    bool, strawberry.argument(description="With `orgUnit`: only what lies right below it, and not itself.")
]
Kinds = Annotated[
    list[OrgUnitKind] | None,
    strawberry.argument(description="Only units of these kinds; in a report of members who hold or head one."),
]
Levels = Annotated[
    list[int] | None,
    strawberry.argument(description="Only units so many levels below the company, which is at 0; members as above."),
]
ChosenUnits = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only these units, 500 at the most; members as above.")
]
ChosenMembers = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="In a report of members: only these, 500 at the most."),
]


@strawberry.type(description="Of whom a row of a report is.")
class SubjectRow:
    """A unit or member."""

    org_unit: OrgUnit | None = batch(
        load_ranked_units, key="unit_id", by="id", one=True, description="The unit; null in a report of members."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member; null in a report of units."
    )
    key: str = strawberry.field(description="Its key.")
    name: str = strawberry.field(description="Its name.")
    level: int | None = strawberry.field(
        description="How many levels below the company the unit is; null without a place in the tree, and of members."
    )
    path: str | None = strawberry.field(description="The names above the unit, the company's first; null of members.")


@strawberry.type(description="A report as a file, with the same filters, order and rights.")
class ReportFile:
    """Where it is."""

    path: str = strawberry.field(
        description="Where to `GET` it, with the token of the graph. It may be kept: it gives the figures of the moment"
        " at which it is fetched, and to everybody what he may see."
    )
    media_type: str = strawberry.field(description="What kind of file comes.")


def subject_row(subject: Subject) -> dict[str, Any]:
    """Of whom a row is, as the graph shows it."""
    return {
        "unit_id": None if subject.of_member else subject.id,
        "member_id": subject.id if subject.of_member else None,
        "key": subject.key,
        "name": subject.name,
        "level": subject.level,
        "path": subject.path,
    }


def period_row(period: Period) -> dict[str, Any]:
    """The period of a report, as the graph shows it."""
    return {"period": period.label, "starts_on": period.starts_on, "ends_on": period.ends_on}


def numbers(ids: Sequence[str] | None, type_name: str, place: str) -> tuple[int, ...] | None:
    """The numbers of global ids; raises `NotFound` at its place in the argument for what is none."""
    if ids is None:
        return None
    return tuple(decode_id(one, type_name, (place, number)) for number, one in enumerate(ids))


async def reader_in(context: RequestContext) -> Reader:
    """Whoever sent the request, as a reader of reports."""
    return Reader(context.snapshot, await context.work(), await context.sight(), await context.calendar())
