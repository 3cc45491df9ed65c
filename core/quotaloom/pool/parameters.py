"""What each kind of rule is parameterized with."""

from __future__ import annotations

from typing import Any, Final

from quotaloom.ownership.holding_caps import HoldingCap
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.errors import Path
from quotaloom.pool.claim_limits import ClaimLimit
from quotaloom.pool.cooldown import Cooldown
from quotaloom.pool.protection import Protection
from quotaloom.pool.recycling import Recycling

Parameters = Protection | Recycling | Cooldown | ClaimLimit | HoldingCap

KINDS: Final[dict[RuleKind, type[Parameters]]] = {
    RuleKind.PROTECTION: Protection,
    RuleKind.RECYCLING: Recycling,
    RuleKind.COOLDOWN: Cooldown,
    RuleKind.CLAIM_LIMIT: ClaimLimit,
    RuleKind.HOLDING_CAP: HoldingCap,
}


def read_parameters(kind: RuleKind, given: Any, path: Path = ()) -> Parameters:
    """Parameters of a kind from JSON, as the API takes and the database keeps them.

    Raises `InputError` BAD_PARAMETERS with the place in the JSON.
    """
    return KINDS[kind].read(given, path)
