"""Who may approve and pay a run: duties are apart, and nobody decides on his own statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.errors import AccessDenied
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_STEPS = """
SELECT run_id, step, actor, actor_member_id, id > coalesce(max(id) FILTER (WHERE step = 'return')
    OVER (PARTITION BY run_id), 0) AS stands
FROM incentive_run_step WHERE run_id = ANY ($1::bigint[])
"""

_OWN = "SELECT DISTINCT run_id FROM incentive_statement WHERE run_id = ANY ($1::bigint[]) AND member_id = $2"


@dataclass(frozen=True, slots=True)
class Duties:
    """Why the viewer may not approve a run, and not pay it, whatever its state; None where he may."""

    not_approve: str | None
    not_pay: str | None


async def duties_of(source: Snapshot | Transaction, viewer: Viewer, run_ids: Sequence[int]) -> dict[int, Duties]:
    """The duties that are left for the viewer in each run, in two statements."""
    steps: dict[int, list[Record]] = defaultdict(list)
    for row in await source.fetch(_STEPS, list(run_ids)):
        steps[row["run_id"]].append(row)
    own: set[int] = set()
    if viewer.member_id is not None:
        own = {row["run_id"] for row in await source.fetch(_OWN, list(run_ids), viewer.member_id)}
    return {run_id: _duties(viewer, steps[run_id], run_id in own) for run_id in run_ids}


def _duties(viewer: Viewer, steps: Sequence[Record], own: bool) -> Duties:
    not_approve = not_pay = None
    if own:
        not_approve = "nobody approves a run that has his own statement in it; another admin does"
        not_pay = "nobody pays a run that has his own statement in it; another admin does"
    if _took_one(viewer, steps, ("start", "compute"), ("review",)):
        not_approve = "whoever started, computed or reviewed a run does not approve it; another admin does"
    if _took_one(viewer, steps, (), ("approve",)):
        not_pay = "whoever approved a run does not pay it; another admin does"
    return Duties(not_approve, not_pay)


def _took_one(viewer: Viewer, steps: Sequence[Record], ever: Sequence[str], since_returned: Sequence[str]) -> bool:
    """Whether the viewer took one of these steps: at any time, or since the run was returned last."""
    return any(
        (step["step"] in ever or (step["stands"] and step["step"] in since_returned)) and _took(viewer, step)
        for step in steps
    )


def _took(viewer: Viewer, step: Record) -> bool:
    if viewer.member_id is not None:
        return bool(step["actor_member_id"] == viewer.member_id)
    return step["actor_member_id"] is None and step["actor"] == viewer.subject


def require_person(viewer: Viewer, doing: str) -> None:
    """Raise `AccessDenied` unless the viewer is an admin; a service is refused whatever its scopes."""
    if viewer.role is Role.SERVICE:
        raise AccessDenied(f"{doing} is for an admin in person, not for a service")
    viewer.require(Scope.INCENTIVES, doing)
