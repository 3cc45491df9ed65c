"""What a service without `graph:read` is told of why something is refused: that it is, not what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from quotaloom.ownership.rules import Refusal
from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused

UNTOLD: Final = "what is stored does not allow this; with graph:read you are told why"

OF_THE_ORGANIZATION: Final = frozenset(
    {
        *("ALREADY_CLOSED", "BAD_RANGE", "CHILD_UNDER_POSITION", "CYCLE", "LAST_ADMIN", "NOT_A_MEMBER", "NOT_CLOSED"),
        *("NOT_LEFT", "NOT_OPEN", "OPEN_CHILDREN", "OVERLAP", "PARENT_NOT_OPEN", "ROOT_EXISTS", "ROOT_STAYS", "STALE"),
        *("TOO_DEEP", "WRONG_KIND"),
    }
)
"""Codes whose words name units, members, their days and versions."""

OF_POOLS: Final = frozenset({"BAD_PERIOD", "CLAIM_LIMIT", "COOLDOWN", "HOLDING_CAP", "NOT_EMPTY", "POOL_CLOSED"})
"""Codes whose words have what somebody holds, when he is away, and what is in a pool."""


def error_for(viewer: Viewer, error: InputError) -> InputError:
    """An error as the viewer may know it."""
    if viewer.may_read:
        return error
    if isinstance(error, ManyRefused):
        return ManyRefused([error_for(viewer, one) for one in error.errors])
    if error.code not in OF_THE_ORGANIZATION | OF_POOLS:
        return error
    return InputError(error.code, UNTOLD, error.path)


def refusal_for(viewer: Viewer, refusal: Refusal | None) -> Refusal | None:
    """Why a record stays, as the viewer may know it: without what a rule counted."""
    if refusal is None or viewer.may_read or refusal.code not in OF_POOLS:
        return refusal
    return replace(refusal, message=UNTOLD, used=None, limit=None, possible_on=None)
