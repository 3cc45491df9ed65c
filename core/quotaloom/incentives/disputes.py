"""Disputes (申诉): a member contests a line of his statement, others answer, and somebody above decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from asyncpg import Record

from quotaloom.incentives.deciders import DisputeRights, rights_on
from quotaloom.incentives.dispute_reads import hold_dispute
from quotaloom.incentives.dispute_telling import tell_decided, tell_deciders, tell_member
from quotaloom.metrics.currencies import currency_scale
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.access import Role
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_reason, checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

DAYS_TO_CONTEST: Final = 60
"""A paid statement is contested until the end of so many days after the day of payment."""

CONTESTABLE: Final = ("reviewed", "approved", "paid")
"""From which states of its run on a statement is contested."""

MOST_DISPUTES: Final = 100
MOST_COMMENTS: Final = 500
"""How many disputes a statement, and how many comments a dispute may have."""

LARGEST_CLAIM: Final = 10**15
"""How many minor units may be claimed or granted."""

_STATEMENT = """
SELECT statement.id, statement.run_id, statement.member_id, statement.currency, run.label, run.status, run.paid_at
FROM incentive_statement AS statement
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id
WHERE statement.id = $1 AND run.status <> 'cancelled' FOR SHARE OF run
"""

_LINE = "SELECT title, amount FROM statement_line WHERE statement_id = $1 AND rule_key = $2 AND line_key = $3"

_EARLIER = """
SELECT status, contested, rule_key IS NOT DISTINCT FROM $3 AND line_key IS NOT DISTINCT FROM $4 AS same
FROM dispute WHERE run_id = $1 AND member_id = $2
"""


@dataclass(frozen=True, slots=True)
class NewDispute:
    """What a member contests: the line of his statement with these keys, or that one is missing, which has none.

    `claimed`, in the statement's currency, is what he asks for; None leaves it to whoever decides.
    """

    statement_id: int
    text: str
    rule_key: str | None = None
    line_key: str | None = None
    claimed: Decimal | None = None


async def open_dispute(work: Work, new: NewDispute) -> int:
    """Contest a statement of one's own, from when it is reviewed until 60 days after payment; returns the id.

    Whoever decides is told. Raises `NotFound` for statement and line, `AccessDenied` for somebody else's statement,
    `InputError` TEXT_MISSING, TOO_LONG, BAD_TEXT, BAD_LINE, NOT_REVIEWED, TOO_LATE, DISPUTE_OPEN, DECIDED, TOO_MANY,
    BAD_AMOUNT and what `parse_amount` raises.
    """
    said = _said(new.text, "say what is wrong")
    if (new.rule_key is None) != (new.line_key is None):
        raise InputError("BAD_LINE", "a line is named by its rule and its key, both", ("line",))

    async def apply(transaction: Transaction) -> int:
        statement = await _own_statement(transaction, work, new.statement_id)
        _require_in_time(work, statement)
        claimed = _amount(new.claimed, statement["currency"], least=1)
        line = await _line(transaction, new)
        # Two that are opened at once look one after the other.
        await transaction.lock("disputes")
        await _refuse_again(transaction, new, statement, line)
        row = await transaction.fetch_one(
            "INSERT INTO dispute (company_id, run_id, member_id, rule_key, line_key, title, contested, currency, text,"
            " claimed, opened_at, status, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', 1)"
            " RETURNING id",
            transaction.company_id,
            statement["run_id"],
            statement["member_id"],
            new.rule_key,
            new.line_key,
            None if line is None else line["title"],
            None if line is None else line["amount"],
            statement["currency"],
            said,
            claimed,
            transaction.now,
        )
        assert row is not None
        dispute_id: int = row["id"]
        after = {"statement": new.statement_id, "rule": new.rule_key, "line": new.line_key, "claimed": claimed}
        transaction.record("dispute.open", "Dispute", dispute_id, after={**after, "text": said})
        transaction.publish("dispute.opened", id=dispute_id)
        dispute = await hold_dispute(transaction, dispute_id)
        assert dispute is not None
        await tell_deciders(transaction, work, dispute, "dispute.opened")
        return dispute_id

    return await work.write(apply)


def _said(text: str, otherwise: str) -> str:
    said = checked_text(text, ("text",))
    if said is None:
        raise InputError("TEXT_MISSING", otherwise, ("text",))
    return said


def _amount(given: Decimal | None, currency: str, *, least: int) -> int | None:
    if given is None:
        return None
    amount = parse_amount(given, currency_scale(currency), ("amount",))
    if not least <= amount <= LARGEST_CLAIM:
        message = f"an amount to claim or grant is above 0 and has up to {len(str(LARGEST_CLAIM)) - 1} digits"
        raise InputError("BAD_AMOUNT", message, ("amount",))
    return amount


def last_day(work: Work, statement: Mapping[str, Any] | Record) -> date | None:
    """Until when a statement may be contested; None as long as it is not paid."""
    paid_at = statement["paid_at"]
    return None if paid_at is None else work.company.today(paid_at) + timedelta(days=DAYS_TO_CONTEST)


def may_contest(work: Work, statement: Mapping[str, Any] | Record) -> bool:
    """Whether the viewer may contest a statement as it stands: his own, in time."""
    own = work.viewer.role is not Role.SERVICE and work.viewer.member_id == statement["member_id"]
    last = last_day(work, statement)
    return own and statement["status"] in CONTESTABLE and (last is None or work.today <= last)


async def _own_statement(transaction: Transaction, work: Work, statement_id: int) -> Record:
    viewer = work.viewer
    row = await transaction.fetch_one(_STATEMENT, statement_id)
    sight = await load_sight(transaction, viewer, work.company, work.today)
    if row is None or not sight.sees_member(row["member_id"]):
        raise NotFound("NOT_FOUND", "there is no such statement", ("statementId",))
    if viewer.role is Role.SERVICE or viewer.member_id != row["member_id"]:
        raise AccessDenied("a statement is contested by its member alone")
    if row["status"] not in CONTESTABLE:
        raise NotFound("NOT_FOUND", "there is no such statement", ("statementId",))
    return row


def _require_in_time(work: Work, statement: Record) -> None:
    last = last_day(work, statement)
    if last is not None and work.today > last:
        message = f"{statement['label']} could be contested until {last}, {DAYS_TO_CONTEST} days after it was paid"
        raise InputError("TOO_LATE", message, ("statementId",))


async def _line(transaction: Transaction, new: NewDispute) -> Record | None:
    if new.rule_key is None:
        return None
    row = await transaction.fetch_one(_LINE, new.statement_id, new.rule_key, new.line_key)
    if row is None:
        raise NotFound("NOT_FOUND", "the statement has no such line", ("line",))
    return row


async def _refuse_again(transaction: Transaction, new: NewDispute, statement: Record, line: Record | None) -> None:
    rows = await transaction.fetch(_EARLIER, statement["run_id"], statement["member_id"], new.rule_key, new.line_key)
    if len(rows) >= MOST_DISPUTES:
        raise InputError("TOO_MANY", f"a statement has at most {MOST_DISPUTES} disputes", ("statementId",))
    same = [row for row in rows if row["same"]]
    if any(row["status"] == "open" for row in same):
        message = "this is contested already: say more in that dispute, or withdraw it"
        raise InputError("DISPUTE_OPEN", message, ("line",))
    decided = [row for row in same if row["status"] in ("granted", "refused")]
    if line is not None and any(row["contested"] == line["amount"] for row in decided):
        raise InputError("DECIDED", "a dispute about this line has been decided on", ("line",))


async def comment_on_dispute(work: Work, dispute_id: int, text: str) -> int:
    """Say something in a dispute, a decided one too; returns the comment's id.

    Its member, the heads who lead him, and admins. What the member says whoever decides is told, what others say the
    member. Raises `NotFound`, `AccessDenied`, `InputError` TEXT_MISSING, TOO_LONG, BAD_TEXT, TOO_MANY.
    """
    said = _said(text, "a comment says something")

    async def apply(transaction: Transaction) -> int:
        dispute, rights = await _held(transaction, work, dispute_id)
        if not rights.comment:
            raise AccessDenied("a dispute is commented on by its member, by heads who lead him, and by admins")
        row = await transaction.fetch_one(
            "INSERT INTO dispute_comment (company_id, dispute_id, text, at, author, author_id)"
            " SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM dispute_comment"
            " WHERE company_id = $1 AND dispute_id = $2) < $7 RETURNING id",
            transaction.company_id,
            dispute_id,
            said,
            transaction.now,
            transaction.writer.subject,
            transaction.writer.member_id,
            MOST_COMMENTS,
        )
        if row is None:
            raise InputError("TOO_MANY", f"a dispute has at most {MOST_COMMENTS} comments", ("text",))
        comment_id: int = row["id"]
        transaction.record("dispute.comment", "Dispute", dispute_id, after={"text": said})
        transaction.publish("dispute.commented", id=dispute_id)
        if work.viewer.member_id == dispute["member_id"]:
            await tell_deciders(transaction, work, dispute, "dispute.commented")
        else:
            await tell_member(transaction, dispute, "dispute.commented")
        return comment_id

    return await work.write(apply)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: granted or refused, why, and what is granted.

    Without an `amount` all that was claimed is granted. With 0, or where nothing was claimed, the member is right and
    no line corrects it: what is wrong is mended where it came from.
    """

    reason: str
    granted: bool
    amount: Decimal | None = None


async def decide_dispute(work: Work, dispute_id: int, decision: Decision, expected_version: int | None = None) -> None:
    """Grant or refuse a dispute, once; the member is told. What is granted is a line of his next statement.

    A head above whoever approved the run decides, who leads the member, or an admin; nobody his own. Raises
    `NotFound`, `AccessDenied`, `Conflict` STALE, `InputError` REASON_MISSING, BAD_STATUS, AMOUNT_UNEXPECTED,
    BAD_AMOUNT and what `parse_amount` raises.
    """
    reason = checked_reason(decision.reason)
    if reason is None:
        raise InputError("REASON_MISSING", "say why you decide so", ("reason",))
    if decision.amount is not None and not decision.granted:
        raise InputError("AMOUNT_UNEXPECTED", "what is refused has no amount", ("amount",))
    status = "granted" if decision.granted else "refused"

    async def apply(transaction: Transaction) -> None:
        dispute, rights = await _held(transaction, work, dispute_id, expected_version)
        _require_open(dispute, "decided on")
        if not rights.decide:
            raise AccessDenied(
                "a dispute is decided on by a head above whoever approved the run, or by an admin;"
                " nobody decides his own"
            )
        amount = _granted(dispute, decision)
        await transaction.execute(
            "UPDATE dispute SET status = $2, granted = $3, reason = $4, decided_at = $5, decided_by = $6,"
            " decided_by_id = $7, version = version + 1 WHERE id = $1",
            dispute_id,
            status,
            amount,
            reason,
            transaction.now,
            transaction.writer.subject,
            transaction.writer.member_id,
        )
        _changed(transaction, dispute_id, status, reason, granted=amount)
        await tell_decided(transaction, dispute, status, reason)

    await work.write(apply)


def _granted(dispute: Record, decision: Decision) -> int | None:
    if not decision.granted:
        return None
    given = _amount(decision.amount, dispute["currency"], least=0)
    return (dispute["claimed"] or 0) if given is None else given


async def withdraw_dispute(
    work: Work, dispute_id: int, reason: str | None = None, expected_version: int | None = None
) -> None:
    """Take back a dispute of one's own that is open.

    Raises `NotFound`, `AccessDenied`, `Conflict` STALE, `InputError` BAD_STATUS.
    """
    text = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        dispute, rights = await _held(transaction, work, dispute_id, expected_version)
        _require_open(dispute, "withdrawn")
        if not rights.withdraw:
            raise AccessDenied("a dispute is withdrawn by whoever opened it")
        await transaction.execute(
            "UPDATE dispute SET status = 'withdrawn', version = version + 1 WHERE id = $1", dispute_id
        )
        _changed(transaction, dispute_id, "withdrawn", text)

    await work.write(apply)


async def _held(
    transaction: Transaction, work: Work, dispute_id: int, expected_version: int | None = None
) -> tuple[Record, DisputeRights]:
    sight = await load_sight(transaction, work.viewer, work.company, work.today)
    row = await hold_dispute(transaction, dispute_id, None if sight.everything else sight.member_ids)
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such dispute", ("id",))
    if expected_version not in (None, row["version"]):
        message = f"this dispute has version {row['version']} by now, not {expected_version}: read it again"
        raise Conflict("STALE", message, ("expectedVersion",))
    (rights,) = await rights_on(transaction, work.viewer, sight, [row], work.today)
    return row, rights


def _require_open(dispute: Record, done: str) -> None:
    if dispute["status"] != "open":
        message = f"this dispute is {dispute['status']}; it can be {done} while it is open"
        raise InputError("BAD_STATUS", message, ("id",))


def _changed(
    transaction: Transaction, dispute_id: int, status: str, reason: str | None, granted: int | None = None
) -> None:
    after = {"status": status} if granted is None else {"status": status, "granted": granted}
    transaction.record(
        f"dispute.{_STEPS[status]}", "Dispute", dispute_id, before={"status": "open"}, after=after, reason=reason
    )
    transaction.publish(_PUBLISHED[status], id=dispute_id)


_STEPS: Final = {"granted": "grant", "refused": "refuse", "withdrawn": "withdraw"}
_PUBLISHED: Final = {
    "granted": "dispute.granted",
    "refused": "dispute.refused",
    "withdrawn": "dispute.withdrawn",
}
