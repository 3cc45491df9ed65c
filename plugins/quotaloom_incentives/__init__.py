"""The incentive rules that ship with the product: what is earned, what is charged, and what bounds both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quotaloom_incentives.accelerator import ACCELERATOR
from quotaloom_incentives.assessment_penalty import ASSESSMENT_PENALTY
from quotaloom_incentives.cap import CAP
from quotaloom_incentives.collected_commission import COLLECTED_COMMISSION
from quotaloom_incentives.draw import DRAW
from quotaloom_incentives.flat_rate import FLAT_RATE
from quotaloom_incentives.floor import FLOOR
from quotaloom_incentives.review_multiplier import REVIEW_MULTIPLIER
from quotaloom_incentives.spiff import SPIFF
from quotaloom_incentives.team_override import TEAM_OVERRIDE
from quotaloom_incentives.threshold_bonus import THRESHOLD_BONUS
from quotaloom_incentives.tiers import TIERS
from quotaloom_sdk import IncentiveRule, hookimpl

QUOTALOOM_API = "1.0"


@hookimpl
def quotaloom_incentive_rules() -> Iterable[IncentiveRule[Any]]:
    """All of them, in the order in which companies mostly run them."""
    return (
        TIERS,
        FLAT_RATE,
        COLLECTED_COMMISSION,
        THRESHOLD_BONUS,
        SPIFF,
        TEAM_OVERRIDE,
        ACCELERATOR,
        REVIEW_MULTIPLIER,
        CAP,
        ASSESSMENT_PENALTY,
        DRAW,
        FLOOR,
    )
