"""What kinds of activities there are."""

from __future__ import annotations

from enum import StrEnum


class ActivityKind(StrEnum):
    """What somebody does for a lead, a customer or a deal; a task is whatever is none of the others."""

    VISIT = "visit"
    CALL = "call"
    MEETING = "meeting"
    MAIL = "mail"
    TASK = "task"
