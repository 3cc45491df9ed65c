"""Business dates: the day an instant falls on in a company's time zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from quotaloom.platform.errors import InputError


def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises `InputError` BAD_TIME_ZONE for a name that is not one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            "BAD_TIME_ZONE",
            f"{name[:60]!r} is not a time zone: use an IANA name such as Asia/Shanghai or America/New_York",
        ) from None


def require_offset(instant: datetime) -> None:
    """Raise `InputError` NAIVE_INSTANT for a date and time without an offset."""
    if instant.utcoffset() is None:
        message = f"{instant.isoformat()} has no offset from UTC: add one, such as Z or +08:00"
        raise InputError("NAIVE_INSTANT", message)


def business_date(instant: datetime | date, zone: str) -> date:
    """The date in `zone` (an IANA name) at an instant; a value that is only a date is never shifted.

    Raises `InputError` NAIVE_INSTANT for a date and time without an offset, BAD_INSTANT where the conversion
    leaves the years 1 to 9999, BAD_TIME_ZONE for an unknown zone.
    """
    local = time_zone(zone)
    if not isinstance(instant, datetime):
        return instant
    require_offset(instant)
    try:
        return instant.astimezone(local).date()
    except OverflowError:
        raise InputError("BAD_INSTANT", f"{instant.isoformat()} has no date in {zone}") from None
