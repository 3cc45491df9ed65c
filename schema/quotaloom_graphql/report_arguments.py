"""Arguments that all reports take, and the file that a report is downloaded as."""

from __future__ import annotations

from typing import Annotated

import strawberry

from quotaloom.reports.requests import Reader, RowsOf
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.enums import OrgUnitKind

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


@strawberry.type(description="A report as a file, with the same filters, order and rights.")
class ReportFile:
    """Where it is."""

    path: str = strawberry.field(
        description="Where to `GET` it, with the token of the graph. It may be kept: it gives the figures of the moment"
        " at which it is fetched, and to everybody what he may see."
    )
    media_type: str = strawberry.field(description="What kind of file comes.")


async def reader_in(context: RequestContext) -> Reader:
    """Whoever sent the request, as a reader of reports."""
    return Reader(context.snapshot, await context.work(), await context.sight(), await context.calendar())
