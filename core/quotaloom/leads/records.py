"""What a lead is made of, and what it must be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from quotaloom.duplicates.normal_forms import checked_domain
from quotaloom.funnels.deals import check_day
from quotaloom.funnels.naming import check_key, check_name, check_text
from quotaloom.ownership.owners import Owner
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.texts import checked_text


class LeadStatus(StrEnum):
    """What became of a lead."""

    OPEN = "open"
    CONVERTED = "converted"
    INVALID = "invalid"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class NewLead:
    """Somebody who might buy.

    `website` is a site or a domain. The position holds the lead, or it waits in the pool; a lead of a position may
    belong to a pool besides, where it goes back to. Without a `key` one is made of the id, without `created_on` it is
    of today.
    """

    name: str
    position_id: int | None = None
    pool_id: int | None = None
    key: str | None = None
    organization: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    source: str | None = None
    note: str | None = None
    product_id: int | None = None
    level_id: int | None = None
    created_on: date | None = None


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A lead as it stands, and whose it is."""

    id: int
    key: str
    name: str
    organization: str | None
    phone: str | None
    email: str | None
    domain: str | None
    source: str | None
    note: str | None
    product_id: int | None
    level_id: int | None
    status: LeadStatus
    created_at: datetime
    created_on: date
    version: int
    owner: Owner

    def require_open(self) -> None:
        """Raise `InputError` NOT_OPEN for a lead that is converted, invalid or merged."""
        if self.status is not LeadStatus.OPEN:
            advice = ": reopen it first" if self.status is LeadStatus.INVALID else ""
            raise InputError("NOT_OPEN", f"this lead is {self.status}{advice}", ("id",))


_LENGTHS = {"organization": 200, "phone": 40, "source": 100}


def check_lead(lead: NewLead) -> None:
    """Raise `InputError` for values that no lead can have; what its ids name is not looked at."""
    check_key(lead.key, ("key",))
    check_name(lead.name, ("name",))
    for field, longest in _LENGTHS.items():
        check_text(getattr(lead, field), longest, (field,))
    check_email(lead.email, ("email",))
    checked_domain(lead.website, ("website",))
    checked_text(lead.note, ("note",), "a note")
    check_day(lead.created_on, ("createdOn",))
    if lead.position_id is None and lead.pool_id is None:
        raise InputError(
            "HOLDER_NEEDED", "say which position holds the lead, or in which pool it waits", ("positionId",)
        )


def check_email(email: str | None, path: Path) -> None:
    """Raise `InputError` BAD_EMAIL for what is no mail address."""
    check_text(email, 254, path)
    if email is not None and email.strip():
        local, at, domain = email.strip().rpartition("@")
        if not (local and at and domain) or any(character.isspace() for character in email.strip()):
            raise InputError("BAD_EMAIL", f"{email[:60]!r} is no mail address such as ann@globex.com", path)
