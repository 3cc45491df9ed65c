"""Words that stand for one of a few things."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from quotaloom.calendars.periods import Grain
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.targets.attainment import AttainmentStatus

# Strawberry marks the domain's own enums in place.
strawberry.enum(Grain, name="Grain", description="How long a period of the company's calendar is. Weeks are ISO weeks.")

strawberry.enum(FileFormat, name="FileFormat", description="What kind of file a table is.")

strawberry.enum(
    AttainmentStatus,
    name="AttainmentStatus",
    description="Where an achievement stands against the assessment, target and stretch lines. For a metric that is"
    " better when lower, read 'at or below' for 'at'.",
)


@strawberry.enum(description="What kind of node of the company's tree a unit is.")
class OrgUnitKind(StrEnum):
    """A node of the tree."""

    COMPANY = "company"
    DEPARTMENT = "department"
    TEAM = "team"
    POSITION = "position"


@strawberry.enum(
    description="Which tree rolls achievements up: `AS_WAS` counts an entry where its position stood on the business"
    " date, `AS_IS` takes today's tree (or that of `asOf`) for all dates."
)
class Structure(StrEnum):
    """As it was on each day, or as it is."""

    AS_WAS = "as_was"
    AS_IS = "as_is"


@strawberry.enum(description="What a member may do.")
class MemberRole(StrEnum):
    """Heads are members who lead a unit."""

    ADMIN = "admin"
    MEMBER = "member"


@strawberry.enum(description="What a metric counts.")
class MetricKind(StrEnum):
    """Money or a count."""

    MONEY = "money"
    COUNT = "count"


@strawberry.enum(
    description="Where a plan, or a version of it, stands: a draft, one that is submitted or approved as a whole, a"
    " scenario beside the draft, in force, in force before, or in force and revised no more."
)
class PlanStatus(StrEnum):
    """From draft to closed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SCENARIO = "scenario"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


@strawberry.enum(description="The order of units: as in the tree, by name, or by key.")
class OrgUnitOrder(StrEnum):
    """An order of units."""

    TREE = "tree"
    NAME = "name"
    KEY = "key"


@strawberry.enum(description="The order of members: by name or by key.")
class MemberOrder(StrEnum):
    """An order of members."""

    NAME = "name"
    KEY = "key"


__all__ = [
    "AttainmentStatus",
    "FileFormat",
    "Grain",
    "MemberOrder",
    "MemberRole",
    "MetricKind",
    "OrgUnitKind",
    "OrgUnitOrder",
    "PlanStatus",
    "Structure",
]
