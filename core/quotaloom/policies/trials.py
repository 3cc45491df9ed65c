"""A policy with parameters that are tried on what has been, before a company switches it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy

TRIED = ("allocation", "crediting")
"""The kinds of policies that can be tried."""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One figure as it is stored and as the policy would have it, in minor units with `scale` decimal places.

    `what` is target, assessment or stretch of a unit, or direct or overlay credit of a deal for a position. `period`
    is the label of the month, or the day of the win. None where there is nothing.
    """

    unit_id: int
    period: str
    what: str
    stored: int | None
    simulated: int | None
    scale: int
    opportunity_id: int | None = None
    currency: str | None = None

    @property
    def difference(self) -> int:
        """How much more the policy gives."""
        return (self.simulated or 0) - (self.stored or 0)


@dataclass(frozen=True, slots=True)
class Reasons:
    """The policy's own explanation for one unit, or one deal, as JSON."""

    explanation: dict[str, Any]
    unit_id: int | None = None
    opportunity_id: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a policy would have decided; nothing of it is stored."""

    selected: SelectedPolicy
    lines: tuple[TrialLine, ...]
    reasons: tuple[Reasons, ...]


async def select_for_trial(work: Work, host: PolicyHost, key: str, parameters: object = None) -> SelectedPolicy:
    """The policy of that key with these parameters, or with those that the company has set, or with its defaults.

    Whether it is switched on makes no difference. Needs an admin, or a service with `settings:write` and `graph:read`:
    a trial shows what is stored. Raises `InputError` UNKNOWN_POLICY,
    INVALID_PARAMETERS, and CANNOT_BE_TRIED for kinds that decide nothing that is stored.
    """
    work.viewer.require(Scope.SETTINGS, "trying a policy")
    work.viewer.require(Scope.READ, "trying a policy")
    policy = host.registry.get(key, path=("policy",))
    if policy.kind not in TRIED:
        raise InputError(
            "CANNOT_BE_TRIED",
            f"{key} is of kind {policy.kind}; policies of these kinds can be tried: {', '.join(TRIED)}",
            ("policy",),
        )
    given = parameters
    if given is None:
        async with work.snapshot() as snapshot:
            row = await snapshot.fetch_one(
                "SELECT parameters FROM policy_setting WHERE policy = $1 ORDER BY valid_from <= $2 DESC,"
                " valid_from DESC LIMIT 1",
                key,
                work.today,
            )
        given = {} if row is None else orjson.loads(row["parameters"])
    company_id = work.viewer.company_id
    valid = await host.valid_parameters(policy, given, company_id=company_id, path=("parameters",))
    return SelectedPolicy(policy, valid)
