"""What the settings of a company may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from babel.numbers import list_currencies

from quotaloom.calendars.fiscal import PATTERNS
from quotaloom.calendars.instants import time_zone
from quotaloom.organizations.naming import checked_name
from quotaloom.platform.errors import InputError


def check_settings(values: Mapping[str, Any]) -> None:
    """Refuse settings that a company cannot have; `values` holds all of them by their names.

    Raises `InputError` BAD_KEY, BAD_NAME, UNKNOWN_CURRENCY, BAD_TIME_ZONE, BAD_MONTH, BAD_PATTERN, BAD_WEEKDAYS,
    BAD_REVERSAL_DATE.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", values["key"]):
        given = values["key"][:70]
        raise InputError("BAD_KEY", f"{given!r} is no key: use a-z, 0-9 and -, up to 63 characters", ("key",))
    checked_name(values["name"])
    if values["currency"] not in list_currencies():
        given = values["currency"][:20]
        raise InputError("UNKNOWN_CURRENCY", f"{given!r} is no ISO 4217 code such as CNY or USD", ("currency",))
    _check_zone(values["time_zone"])
    if not 1 <= values["fiscal_start_month"] <= 12:
        raise InputError("BAD_MONTH", "the fiscal year starts in a month from 1 to 12", ("fiscalStartMonth",))
    if values["calendar_pattern"] not in PATTERNS:
        raise InputError("BAD_PATTERN", f"the calendar is one of {', '.join(PATTERNS)}", ("calendarPattern",))
    days = values["working_weekdays"]
    if not days or len(set(days)) != len(days) or not set(days) <= set(range(1, 8)):
        raise InputError(
            "BAD_WEEKDAYS", "working days are one or more of 1 (Monday) to 7 (Sunday)", ("workingWeekdays",)
        )
    if values["reversal_date"] not in {"original", "own"}:
        raise InputError("BAD_REVERSAL_DATE", "reversals carry the `original` date or their `own`", ("reversalDate",))


def _check_zone(name: str) -> None:
    try:
        time_zone(name)
    except InputError as error:
        raise error.at("timeZone") from None
