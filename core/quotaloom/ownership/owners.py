"""What can be owned, by whom, and how it changes hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RecordKind(StrEnum):
    """What lives in pools and changes hands."""

    LEAD = "lead"
    CUSTOMER = "customer"
    OPPORTUNITY = "opportunity"


@dataclass(frozen=True, slots=True, order=True)
class RecordName:
    """A lead, customer or opportunity, by its kind and its id."""

    kind: RecordKind
    id: int


class Movement(StrEnum):
    """How a record came where it is; claim, assignment, release and recycling are the four ways with the pool."""

    CREATE = "create"
    IMPORT = "import"
    CLAIM = "claim"
    ASSIGN = "assign"
    RELEASE = "release"
    RECYCLE = "recycle"
    TRANSFER = "transfer"
    HANDOVER = "handover"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Owner:
    """The pool that a record belongs to, if any, and who holds it, in which position; nobody while it waits.

    A position may be vacant: then it has the record, and no member.
    """

    pool_id: int | None = None
    member_id: int | None = None
    position_id: int | None = None

    @property
    def held(self) -> bool:
        """Whether somebody, or a position, has it."""
        return self.position_id is not None


NOBODY = Owner()


@dataclass(frozen=True, slots=True)
class OwnedRecord:
    """A record and its owner: `id` is that of the ownership, `record_id` that of the lead, customer or opportunity.

    `since` is when the present state began, `since_on` that business date; `last_activity_on` the latest business date
    since then on which its holder did something for it. An exempt record is never recycled.
    """

    id: int
    kind: RecordKind
    record_id: int
    owner: Owner
    since: datetime
    since_on: date
    last_activity_on: date | None
    exempt: bool
    version: int
