"""What a funnel and its stages must be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quotaloom.funnels.naming import check_name
from quotaloom.platform.errors import InputError, Path

MOST_STAGES = 50
"""How many stages a funnel may have."""


class Outcome(StrEnum):
    """What a stage means for the deals in it."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class NewStage:
    """A step of a funnel; `win_probability` is 0 to 1 with at most four places (1 for won, 0 for lost)."""

    key: str
    name: str
    outcome: Outcome
    win_probability: Decimal


@dataclass(frozen=True, slots=True)
class NewFunnel:
    """A pipeline; the order of `stages` is the order in which they are shown and climbed."""

    key: str
    name: str
    stages: Sequence[NewStage]


def check_funnel(funnel: NewFunnel) -> None:
    """Raise `InputError` for what cannot be a funnel.

    It has at least one open stage, exactly one won stage and at least one lost stage, and no two stages
    share a key.
    """
    _check_name(funnel.key, funnel.name, ())
    if len(funnel.stages) > MOST_STAGES:
        raise InputError("TOO_MANY_STAGES", f"a funnel has at most {MOST_STAGES} stages", ("stages",))
    seen: set[str] = set()
    for number, stage in enumerate(funnel.stages):
        _check_stage(stage, ("stages", number))
        if stage.key in seen:
            raise InputError("DUPLICATE_KEY", f"two stages have the key {stage.key!r}", ("stages", number, "key"))
        seen.add(stage.key)
    _check_outcomes([stage.outcome for stage in funnel.stages])


def _check_outcomes(outcomes: Sequence[Outcome]) -> None:
    if Outcome.OPEN not in outcomes:
        raise InputError("NO_OPEN_STAGE", "a funnel needs at least one open stage", ("stages",))
    if outcomes.count(Outcome.WON) != 1:
        raise InputError(
            "ONE_WON_STAGE", f"a funnel has exactly one won stage, not {outcomes.count(Outcome.WON)}", ("stages",)
        )
    if Outcome.LOST not in outcomes:
        raise InputError("NO_LOST_STAGE", "a funnel needs at least one lost stage", ("stages",))


def _check_stage(stage: NewStage, path: Path) -> None:
    _check_name(stage.key, stage.name, path)
    probability, where = stage.win_probability, (*path, "winProbability")
    if not (probability.is_finite() and 0 <= probability <= 1) or probability != round(probability, 4):
        raise InputError(
            "BAD_PROBABILITY", f"{probability} is no win probability: 0 to 1 with at most four decimal places", where
        )
    certain = {Outcome.WON: Decimal(1), Outcome.LOST: Decimal(0)}.get(stage.outcome)
    if certain is not None and probability != certain:
        raise InputError(
            "BAD_PROBABILITY", f"the win probability of a {stage.outcome} stage is {certain}, not {probability}", where
        )


def _check_name(key: str, name: str, path: Path) -> None:
    check_machine_name(key, (*path, "key"))
    check_name(name, (*path, "name"))


def check_machine_name(key: str, path: Path) -> None:
    """Raise `InputError` BAD_KEY for what is no name for machines."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", key):
        raise InputError("BAD_KEY", f"{key[:80]!r} is no key: use a-z, 0-9, - and _, up to 63 characters", path)
