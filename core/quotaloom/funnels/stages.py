"""What a funnel and its stages must be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quotaloom.funnels.naming import check_name
from quotaloom.funnels.standards import Standard, check_standards
from quotaloom.platform.errors import InputError, Path

MOST_STAGES = 50
"""How many stages a funnel may have."""

LONGEST_AGE = 3650
"""How many days a deal may be allowed to stay in a stage."""


class Outcome(StrEnum):
    """What a stage means for the deals in it; an invalid deal never was one, and counts in no win rate."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    INVALID = "invalid"


class Mover(StrEnum):
    """Who may move a deal on or back out of a stage: whoever works on it, a head above it or an admin, or nobody."""

    HOLDER = "holder"
    HEAD = "head"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class NewStage:
    """A step of a funnel; `win_probability` is 0 to 1 with at most four places (1 for won, 0 for lost and invalid).

    What follows is of open stages alone. A deal is too old in the stage after `age_limit_days`. `forward` and
    `backward` say who moves it on and back; without `skipping` only into the next stage. `standards` are met before it
    is moved on.
    """

    key: str
    name: str
    outcome: Outcome
    win_probability: Decimal
    age_limit_days: int | None = None
    forward: Mover = Mover.HOLDER
    backward: Mover = Mover.HOLDER
    skipping: bool = True
    standards: Sequence[Standard] = ()


@dataclass(frozen=True, slots=True)
class NewFunnel:
    """A pipeline; the order of `stages` is the order in which they are shown and climbed.

    With a `unit_id` it is for deals of positions below that unit, else for all of the company.
    """

    key: str
    name: str
    stages: Sequence[NewStage]
    unit_id: int | None = None


def check_funnel(funnel: NewFunnel) -> None:
    """Raise `InputError` for what cannot be a funnel; see `check_stages`."""
    _check_name(funnel.key, funnel.name, ())
    check_stages(funnel.stages)


def check_stages(stages: Sequence[NewStage]) -> None:
    """Raise `InputError` for what cannot be the stages of a funnel.

    There is at least one open stage, exactly one won stage and at least one lost stage, any number of invalid ones, and
    no two stages share a key.
    """
    if len(stages) > MOST_STAGES:
        raise InputError("TOO_MANY_STAGES", f"a funnel has at most {MOST_STAGES} stages", ("stages",))
    seen: set[str] = set()
    for number, stage in enumerate(stages):
        _check_stage(stage, ("stages", number))
        if stage.key in seen:
            raise InputError("DUPLICATE_KEY", f"two stages have the key {stage.key!r}", ("stages", number, "key"))
        seen.add(stage.key)
    _check_outcomes([stage.outcome for stage in stages])


def _check_outcomes(outcomes: Sequence[Outcome]) -> None:
    if Outcome.OPEN not in outcomes:
        raise InputError("NO_OPEN_STAGE", "a funnel needs at least one open stage", ("stages",))
    if outcomes.count(Outcome.WON) != 1:
        raise InputError(
            "ONE_WON_STAGE", f"a funnel has exactly one won stage, not {outcomes.count(Outcome.WON)}", ("stages",)
        )
    if Outcome.LOST not in outcomes:
        raise InputError("NO_LOST_STAGE", "a funnel needs at least one lost stage", ("stages",))


_CERTAIN = {Outcome.WON: Decimal(1), Outcome.LOST: Decimal(0), Outcome.INVALID: Decimal(0)}


def _check_stage(stage: NewStage, path: Path) -> None:
    _check_name(stage.key, stage.name, path)
    probability, where = stage.win_probability, (*path, "winProbability")
    if not (probability.is_finite() and 0 <= probability <= 1) or probability != round(probability, 4):
        raise InputError(
            "BAD_PROBABILITY", f"{probability} is no win probability: 0 to 1 with at most four decimal places", where
        )
    certain = _CERTAIN.get(stage.outcome)
    if certain is not None and probability != certain:
        raise InputError(
            "BAD_PROBABILITY", f"the win probability of a {stage.outcome} stage is {certain}, not {probability}", where
        )
    _check_leaving(stage, path)


def _check_leaving(stage: NewStage, path: Path) -> None:
    """What is told of how long deals stay and how they leave, which they do from open stages alone."""
    if stage.age_limit_days is not None and not 1 <= stage.age_limit_days <= LONGEST_AGE:
        raise InputError("BAD_AGE_LIMIT", f"an age limit is 1 to {LONGEST_AGE} days", (*path, "ageLimitDays"))
    check_standards(stage.standards, (*path, "standards"))
    if stage.outcome is Outcome.OPEN:
        return
    given = {
        "ageLimitDays": stage.age_limit_days is not None,
        "forward": stage.forward is not Mover.HOLDER,
        "backward": stage.backward is not Mover.HOLDER,
        "skipping": not stage.skipping,
        "standards": bool(stage.standards),
    }
    for name in (name for name, is_given in given.items() if is_given):
        raise InputError("NOT_OPEN", f"deals are moved on out of open stages alone: leave {name} out", (*path, name))


def _check_name(key: str, name: str, path: Path) -> None:
    check_machine_name(key, (*path, "key"))
    check_name(name, (*path, "name"))


def check_machine_name(key: str, path: Path) -> None:
    """Raise `InputError` BAD_KEY for what is no name for machines."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", key):
        raise InputError("BAD_KEY", f"{key[:80]!r} is no key: use a-z, 0-9, - and _, up to 63 characters", path)
