"""Granting quota relief and revoking it: whoever plans for a position does, never its holder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from asyncpg import ExclusionViolationError, Record

from quotaloom.calendars.periods import known_day
from quotaloom.platform.amounts import has_places
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.permission import planning_right

SHARE_PLACES = 6


@dataclass(frozen=True, slots=True)
class NewRelief:
    """A `share` (0.5 is a half) of a position's targets to be relieved of on [valid_from, valid_to)."""

    position_id: int
    valid_from: date
    valid_to: date | None
    share: Decimal
    reason: str


async def grant_relief(work: Work, relief: NewRelief) -> int:
    """Relieve a position; returns the relief's id. Heads above it do, and admins; nobody on days on which he holds it.

    Raises `NotFound`, `AccessDenied`, `InputError` BAD_SHARE, BAD_PERIOD, REASON_MISSING, NOT_A_POSITION, `Conflict`
    RELIEVED_ALREADY where a day has a relief already.
    """
    _check(relief)
    reason = checked_reason(relief.reason)
    if reason is None:
        raise InputError("REASON_MISSING", "say why the position is relieved", ("reason",))
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        unit = await snapshot.fetch_one("SELECT id, name, kind FROM org_unit WHERE id = $1", relief.position_id)
        if unit is None or not (right.everywhere or right.sight.sees_unit(relief.position_id)):
            raise NotFound("NOT_FOUND", "there is no such position that you can see", ("positionId",))
        right.require_to_set([relief.position_id], [relief.position_id], ())
        await _refuse_holder(snapshot, work, relief)
    if unit["kind"] != "position":
        raise InputError(
            "NOT_A_POSITION", f"{unit['name']} is a {unit['kind']}; a position is relieved", ("positionId",)
        )

    async def apply(transaction: Transaction) -> int:
        try:
            row = await transaction.fetch_one(
                "INSERT INTO quota_relief (company_id, position_id, valid_from, valid_to, share, reason, granted_at,"
                " granted_on, granted_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
                transaction.company_id,
                relief.position_id,
                relief.valid_from,
                relief.valid_to,
                relief.share,
                reason,
                transaction.now,
                work.today,
                transaction.writer.subject,
            )
        except ExclusionViolationError:
            raise Conflict(
                "RELIEVED_ALREADY",
                f"{unit['name']} is relieved on some of these days already; revoke that relief first",
                ("validFrom",),
            ) from None
        assert row is not None
        transaction.record("relief.grant", "QuotaRelief", row["id"], after=asdict(relief), reason=reason)
        transaction.publish("relief.granted", id=row["id"], position=relief.position_id)
        transaction.attainment_changed(unit_ids=[relief.position_id])
        relief_id: int = row["id"]
        return relief_id

    return await work.write(apply)


async def revoke_relief(work: Work, relief_id: int, reason: str) -> None:
    """Take a relief back, as if it had not been granted; figures as of earlier days still know it.

    Raises `InputError` REASON_MISSING, `NotFound`, `Conflict` REVOKED_ALREADY.
    """
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", "say why the relief is revoked", ("reason",))
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        found = await snapshot.fetch_one("SELECT position_id FROM quota_relief WHERE id = $1", relief_id)
        if found is None or not (right.everywhere or right.sight.sees_unit(found["position_id"])):
            raise NotFound("NOT_FOUND", "there is no such relief that you can see", ("reliefId",))
        right.require_to_set([found["position_id"]], [found["position_id"]], ("reliefId",))

    async def apply(transaction: Transaction) -> None:
        row: Record | None = await transaction.fetch_one(
            "UPDATE quota_relief SET revoked_at = $2, revoked_on = $3, revoked_by = $4, revoke_reason = $5"
            " WHERE id = $1 AND revoked_at IS NULL RETURNING position_id",
            relief_id,
            transaction.now,
            work.today,
            transaction.writer.subject,
            text,
        )
        if row is None:
            raise Conflict("REVOKED_ALREADY", "somebody revoked this relief already", ("reliefId",))
        transaction.record("relief.revoke", "QuotaRelief", relief_id, after={"revoked": True}, reason=text)
        transaction.publish("relief.revoked", id=relief_id, position=row["position_id"])
        transaction.attainment_changed(unit_ids=[row["position_id"]])

    await work.write(apply)


async def _refuse_holder(snapshot: Snapshot, work: Work, relief: NewRelief) -> None:
    held = await snapshot.fetch_one(
        "SELECT 1 FROM holding WHERE member_id = $1 AND position_id = $2"
        " AND daterange(valid_from, valid_to) && daterange($3, $4) LIMIT 1",
        work.viewer.member_id,
        relief.position_id,
        relief.valid_from,
        relief.valid_to,
    )
    if held is not None:
        raise AccessDenied("nobody relieves himself; whoever else heads a unit above does, or another admin")


def _check(relief: NewRelief) -> None:
    if not has_places(relief.share, SHARE_PLACES) or not 0 < relief.share <= 1:
        message = f"a share is more than 0 and up to 1, with {SHARE_PLACES} decimal places at the most: 0.5 is a half"
        raise InputError("BAD_SHARE", message, ("share",))
    for name, day in (("validFrom", relief.valid_from), ("validTo", relief.valid_to)):
        if day is not None:
            try:
                known_day(day)
            except InputError as error:
                raise error.at(name) from None
    if relief.valid_to is not None and relief.valid_to <= relief.valid_from:
        raise InputError("BAD_PERIOD", "the end is not included and must be later than the start", ("validTo",))
