"""Handing in what was planned below a unit, and judging it: submitted, then approved, returned or withdrawn.

Whoever heads a unit submits what lies below it; whoever heads a unit above, or an admin, judges it, and never his own.
While a submission stands, the cells below its unit are closed to everybody, until it is returned or withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.organizations.sight import Sight
from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound, Path
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.cells import hold_draft
from quotaloom.targets.permission import PlanningRight, planning_right
from quotaloom.targets.standing import STANDING, refuse_submitted, submitted_by

_COLUMNS: Final = (
    "s.id, s.plan_version_id, s.unit_id, s.status, s.comment, s.submitted_at, s.submitted_by, s.submitter_id,"
    " s.decided_at, s.decided_by, s.reason"
)


@dataclass(frozen=True, slots=True)
class SubmissionRights:
    """What a viewer may do with a submission as it stands now."""

    judge: bool
    withdraw: bool


async def submit_targets(work: Work, plan_id: int, unit_id: int, comment: str | None = None) -> int:
    """Submit the draft's targets of all units below one; returns the submission's id.

    Heads of that unit do it, and admins. Raises `InputError` NOTHING_BELOW, ALREADY_SUBMITTED, SUBMITTED for a part of
    a branch that is, UNDECIDED_BELOW for a branch whose own submission nobody has judged, NO_TARGETS where no unit
    below has any.
    """
    text = checked_reason(comment, ("comment",))
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        _require_to_split(right, unit_id)

    async def apply(transaction: Transaction) -> int:
        draft = await hold_draft(transaction, plan_id)
        await _refuse_what_cannot_be_submitted(transaction, draft, unit_id, work.today)
        await refuse_submitted(transaction, draft, [unit_id], work.today, "orgUnitId")
        row = await transaction.fetch_one(
            "INSERT INTO submission (company_id, plan_version_id, unit_id, status, comment, submitted_at, submitted_by,"
            " submitter_id) VALUES ($1, $2, $3, 'submitted', $4, $5, $6, $7) RETURNING id",
            transaction.company_id,
            draft,
            unit_id,
            text,
            transaction.now,
            transaction.writer.subject,
            transaction.writer.member_id,
        )
        assert row is not None
        submission_id: int = row["id"]
        after = {"plan": plan_id, "version": draft, "unit": unit_id}
        transaction.record("targets.submit", "Submission", submission_id, after=after, reason=text)
        transaction.publish("targets.submitted", id=submission_id, plan=plan_id, unit=unit_id)
        return submission_id

    return await work.write(apply)


async def approve_targets(work: Work, submission_id: int) -> None:
    """Approve a submission. Raises `NotFound`, `AccessDenied` for his own, `Conflict` NOT_SUBMITTED."""
    await _decide(work, submission_id, "approved", ("submitted",), None)


async def return_targets(work: Work, submission_id: int, reason: str) -> None:
    """Send a submission back, an approved one too while its plan is a draft; its cells open again. Needs a reason."""
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", "say why it goes back", ("reason",))
    await _decide(work, submission_id, "returned", ("submitted", "approved"), text)


async def withdraw_targets(work: Work, submission_id: int) -> None:
    """Take back a submission that nobody has judged; whoever may submit it may."""
    await _decide(work, submission_id, "withdrawn", ("submitted",), None)


async def _decide(work: Work, submission_id: int, status: str, before: tuple[str, ...], reason: str | None) -> None:
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        found = await _submission(snapshot, submission_id)
        _require_right(right, work.viewer, found, withdrawing=status == "withdrawn")

    async def apply(transaction: Transaction) -> None:
        draft = await hold_draft(transaction, found["plan_id"])
        now = await _submission(transaction, submission_id)
        if now["status"] not in before or now["plan_version_id"] != draft:
            raise Conflict(
                "NOT_SUBMITTED", f"this submission is {now['status']} by now; read it again", ("submissionId",)
            )
        await transaction.execute(
            "UPDATE submission SET status = $2, decided_at = $3, decided_by = $4, reason = $5 WHERE id = $1",
            submission_id,
            status,
            transaction.now,
            transaction.writer.subject,
            reason,
        )
        transaction.record(
            f"targets.{_VERBS[status]}",
            "Submission",
            submission_id,
            before={"status": now["status"]},
            after={"status": status},
            reason=reason,
        )
        transaction.publish(f"targets.{status}", id=submission_id, plan=now["plan_id"], unit=now["unit_id"])

    await work.write(apply)


_VERBS: Final = {"approved": "approve", "returned": "return", "withdrawn": "withdraw"}


def rights_on(right: PlanningRight | None, viewer: Viewer, submission: Record) -> SubmissionRights:
    """What the viewer may do with it now; nothing without any planning right."""
    if right is None:
        return SubmissionRights(judge=False, withdraw=False)
    standing, undecided = submission["status"] in STANDING, submission["status"] == "submitted"
    return SubmissionRights(
        judge=standing and right.may_set(submission["unit_id"]) and not _own(right.sight, viewer, submission),
        withdraw=undecided and right.may_split(submission["unit_id"]),
    )


def _own(sight: Sight, viewer: Viewer, submission: Record) -> bool:
    """Whether it is the viewer's: he submitted it, or heads its unit. Nobody judges his own."""
    return submitted_by(viewer, submission) or sight.heads(submission["unit_id"])


def _require_right(right: PlanningRight, viewer: Viewer, submission: Record, *, withdrawing: bool) -> None:
    unit_id = submission["unit_id"]
    if not (right.everywhere or right.sight.sees_unit(unit_id)):
        raise NotFound("NOT_FOUND", "there is no such submission that you can see", ("submissionId",))
    if withdrawing:
        if not right.may_split(unit_id):
            raise AccessDenied("a submission is withdrawn by whoever heads its unit, or an admin")
    elif _own(right.sight, viewer, submission):
        raise AccessDenied("nobody judges his own submission; whoever heads a unit above does, or another admin")
    elif not right.may_set(unit_id):
        raise AccessDenied("a submission is judged by whoever heads a unit above, or an admin")


def _require_to_split(right: PlanningRight, unit_id: int) -> None:
    if not (right.everywhere or right.sight.sees_unit(unit_id)):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if not right.may_split(unit_id):
        raise AccessDenied("targets are submitted by whoever heads the unit above them, or an admin")


async def _submission(source: Snapshot | Transaction, submission_id: int) -> Record:
    row = await source.fetch_one(
        f"SELECT {_COLUMNS}, v.plan_id FROM submission s JOIN plan_version v ON v.company_id = s.company_id"  # noqa: S608
        " AND v.id = s.plan_version_id WHERE s.id = $1",
        submission_id,
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such submission that you can see", ("submissionId",))
    return row


async def _refuse_what_cannot_be_submitted(transaction: Transaction, draft: int, unit_id: int, today: date) -> None:
    found = await transaction.fetch(
        "SELECT u.id, u.name, p.depth, s.status, EXISTS (SELECT FROM target_cell c WHERE c.plan_version_id = $1"
        " AND c.unit_id = u.id AND c.target IS NOT NULL) AS planned"
        " FROM unit_path p JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        " LEFT JOIN submission s ON s.company_id = u.company_id AND s.plan_version_id = $1 AND s.unit_id = u.id"
        " AND s.status IN ('submitted', 'approved')"
        " WHERE p.ancestor_id = $2 AND p.valid_from <= $3 AND $3 < p.valid_to ORDER BY p.depth, u.name, u.id",
        draft,
        unit_id,
        today,
    )
    own = [row for row in found if row["depth"] == 0]
    below = [row for row in found if row["depth"] > 0]
    if not own:
        raise NotFound("NOT_FOUND", "there is no such unit today", ("orgUnitId",))
    name = own[0]["name"]
    if not below:
        raise InputError("NOTHING_BELOW", f"{name} has no units below it whose targets could be submitted", _UNIT)
    if own[0]["status"] is not None:
        raise InputError("ALREADY_SUBMITTED", f"what lies below {name} is {own[0]['status']} already", _UNIT)
    undecided = [row["name"] for row in below if row["status"] == "submitted"]
    if undecided:
        raise InputError(
            "UNDECIDED_BELOW", f"nobody has judged yet what was submitted by {', '.join(undecided[:10])}", _UNIT
        )
    if not any(row["planned"] for row in below):
        raise InputError("NO_TARGETS", f"no unit below {name} has a target yet", _UNIT)


_UNIT: Final[Path] = ("orgUnitId",)


async def submissions_of_versions(snapshot: Snapshot, version_ids: Sequence[int]) -> list[Record]:
    """What was submitted of versions, the latest first; `plan_version_id` says of which."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM submission s WHERE s.plan_version_id = ANY($1::bigint[])"  # noqa: S608 (constants)
        " ORDER BY s.plan_version_id, s.submitted_at DESC, s.id DESC",
        list(version_ids),
    )


async def submissions_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """Submissions by id, in no order."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM submission s WHERE s.id = ANY($1::bigint[])",  # noqa: S608 (constants)
        list(ids),
    )
