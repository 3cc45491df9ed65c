"""Where a run of incentives stands, and what was done with it."""

from __future__ import annotations

from enum import StrEnum

import strawberry


@strawberry.enum(
    description="`COMPUTING`: a job is at it. `FAILED`: a policy failed; see `failure`. `DRAFT`: computed."
    " `REVIEWED`: somebody looked through it; members see their statements. `APPROVED`: somebody else stands for it."
    " `PAID`: nothing of it changes any more. `CANCELLED`: given up."
)
class RunStatus(StrEnum):
    """The states of a run."""

    COMPUTING = "computing"
    FAILED = "failed"
    DRAFT = "draft"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


@strawberry.enum(description="What somebody does with a run.")
class RunStep(StrEnum):
    """The steps of a run."""

    START = "start"
    COMPUTE = "compute"
    REVIEW = "review"
    APPROVE = "approve"
    PAY = "pay"
    RETURN = "return"
    CANCEL = "cancel"


@strawberry.enum(
    description="`OPEN`: it waits for a decision. `GRANTED` and `REFUSED`: it was decided. `WITHDRAWN`: the member took"
    " it back. `LAPSED`: its run was cancelled before it was decided."
)
class DisputeStatus(StrEnum):
    """The states of a dispute."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@strawberry.enum(
    description="`WAITING`: a job will be at it. `COMPUTING`: a job is. `DONE`: see `result`. `FAILED`: see `failure`."
)
class SimulationStatus(StrEnum):
    """The states of a simulation."""

    WAITING = "waiting"
    COMPUTING = "computing"
    DONE = "done"
    FAILED = "failed"


@strawberry.enum(description="`NOW`: by the rules in force. `THEN`: by the others.")
class SimulationSide(StrEnum):
    """The two sides of a simulation."""

    NOW = "now"
    THEN = "then"
