"""Disputes: who contests what, until when, and who decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quotaloom.incentives.disputes import (
    Decision,
    NewDispute,
    comment_on_dispute,
    decide_dispute,
    open_dispute,
    withdraw_dispute,
)
from quotaloom.incentives.runs import approve_run, cancel_run, return_run, review_run
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from tests.founding import at
from tests.integration.incentives.disputing import again, contest, grant, head, hold, paid_month, sold
from tests.integration.incentives.payroll import Payroll


async def refused(doing: Awaitable[object], code: str) -> str:
    """The message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        await doing
    assert caught.value.code == code
    return caught.value.message


async def told(payroll: Payroll) -> list[tuple[str, str]]:
    """Who was told what of disputes, in turn."""
    names = {number: name for name, number in payroll.members.items()}
    rows = await payroll.fetch("SELECT member_id, topic FROM notification WHERE topic LIKE 'dispute%' ORDER BY id")
    return [(names[row["member_id"]], row["topic"]) for row in rows]


async def test_a_member_contests_a_line_of_his_own_once_it_is_reviewed(database: Database) -> None:
    """A draft is not seen yet; then Ann contests her line, which Bob does not see and her head cannot contest."""
    payroll = await sold(database)
    run_id = await payroll.draft("2026-03")
    statement = (await payroll.statements(run_id))["ann"]["id"]
    new = NewDispute(statement, "It was 1,200", "base", "rate", Decimal("20.00"))
    with pytest.raises(NotFound):
        await open_dispute(payroll.as_member("ann"), new)
    await review_run(payroll.as_member("ada"), run_id)
    with pytest.raises(NotFound):
        await open_dispute(payroll.as_member("bob"), new)
    service = payroll.as_service("incentives:write", "graph:read")
    for work in (payroll.as_member("hal"), payroll.as_member("ada"), service):
        with pytest.raises(AccessDenied):
            await open_dispute(work, new)
    dispute_id = await open_dispute(payroll.as_member("ann"), new)
    ((row),) = await payroll.fetch("SELECT * FROM dispute WHERE id = $1", dispute_id)
    assert (row["run_id"], row["member_id"], row["status"]) == (run_id, payroll.members["ann"], "open")
    assert (row["title"], row["contested"], row["claimed"]) == ("Rate", 100_00, 20_00)
    assert await told(payroll) == [("ada", "dispute.opened"), ("ben", "dispute.opened"), ("cyd", "dispute.opened")]


async def test_what_is_contested_is_named_and_bounded(database: Database) -> None:
    """Half a line, no such line, no text, an amount of nothing, and the same line twice at a time are refused."""
    payroll = await paid_month(database)
    ann, statement = payroll.as_member("ann"), await statement_of(payroll, "ann")
    await refused(open_dispute(ann, NewDispute(statement, "x", "base")), "BAD_LINE")
    await refused(open_dispute(ann, NewDispute(statement, "x", "base", "other")), "NOT_FOUND")
    await refused(open_dispute(ann, NewDispute(statement, " ")), "TEXT_MISSING")
    for amount, code in (("0", "BAD_AMOUNT"), ("-1", "BAD_AMOUNT"), ("0.001", "TOO_PRECISE"), ("1E14", "BAD_AMOUNT")):
        await refused(open_dispute(ann, NewDispute(statement, "x", claimed=Decimal(amount))), code)
    await contest(payroll, "ann")
    await refused(contest(payroll, "ann"), "DISPUTE_OPEN")
    await contest(payroll, "ann", line=None)


async def statement_of(payroll: Payroll, name: str) -> int:
    """The number of a member's latest statement."""
    rows = await payroll.fetch(
        "SELECT id FROM incentive_statement WHERE member_id = $1 ORDER BY id DESC", payroll.members[name]
    )
    return int(rows[0]["id"])


async def test_a_paid_statement_is_contested_for_sixty_days(database: Database) -> None:
    """Paid on 1 June: 31 July is the last day."""
    payroll = await paid_month(database)
    payroll.work = at(payroll.work, datetime(2026, 8, 1, 4, tzinfo=UTC))
    message = await refused(contest(payroll, "ann"), "TOO_LATE")
    assert message == "2026-03 could be contested until 2026-07-31, 60 days after it was paid"
    payroll.work = at(payroll.work, datetime(2026, 7, 31, 4, tzinfo=UTC))
    await contest(payroll, "ann")


async def test_nobody_decides_his_own(database: Database) -> None:
    """Cyd is an admin who sells as well: another admin decides on her dispute, and she cannot."""
    payroll = await sold(database)
    await hold(payroll, "cem", "cyd", date(2026, 3, 20))
    await payroll.order("cyd", "cem", 500, "2026-03-25")
    await payroll.pay("2026-03")
    dispute_id = await contest(payroll, "cyd")
    with pytest.raises(AccessDenied, match="nobody decides his own"):
        await decide_dispute(payroll.as_member("cyd"), dispute_id, Decision("mine", granted=True))
    assert await told(payroll) == [("ada", "dispute.opened"), ("ben", "dispute.opened")]
    await decide_dispute(payroll.as_member("ben"), dispute_id, Decision("no", granted=False))


async def test_a_head_above_the_approver_decides_and_no_other_head(database: Database) -> None:
    """Ben approved and is in Hal's team by now: Hal decides on Ann, whom he leads; Wu, who leads Cem, is not above."""
    payroll = await paid_month(database)
    await hold(payroll, "bob", "ben")
    of_ann, of_cem = await contest(payroll, "ann"), await contest(payroll, "cem")
    assert await told(payroll) == [
        ("hal", "dispute.opened"),
        ("ada", "dispute.opened"),
        ("ben", "dispute.opened"),
        ("cyd", "dispute.opened"),
    ]
    with pytest.raises(NotFound):
        await decide_dispute(payroll.as_member("hal"), of_cem, Decision("no", granted=False))
    with pytest.raises(AccessDenied, match="a head above whoever approved"):
        await decide_dispute(payroll.as_member("wu"), of_cem, Decision("no", granted=False))
    await decide_dispute(payroll.as_member("hal"), of_ann, Decision("yes", granted=True, amount=Decimal(5)))
    assert (await told(payroll))[4:] == [("ann", "dispute.granted")]


async def test_an_approver_who_is_no_admin_any_more_does_not_decide(database: Database) -> None:
    """Ben approved and heads the west by now: he leads Cem, but is not above himself; Wu, the company's head, is."""
    payroll = await paid_month(database)
    await head(payroll, "acme", "wu")
    await head(payroll, "west", "ben")
    dispute_id = await contest(payroll, "cem")
    assert await told(payroll) == [("wu", "dispute.opened")]
    demoted = replace(payroll.as_member("ben").viewer, role=Role.MEMBER)
    with pytest.raises(AccessDenied, match="a head above whoever approved"):
        await decide_dispute(replace(payroll.work, viewer=demoted), dispute_id, Decision("no", granted=False))
    await decide_dispute(payroll.as_member("wu"), dispute_id, Decision("no", granted=False))


async def test_before_approval_it_is_whoever_reviewed(database: Database) -> None:
    """Cyd, in Hal's team, reviewed: Hal may decide; once Ben has approved, who is in Wu's, it is an admin."""
    payroll = await sold(database)
    await hold(payroll, "bob", "cyd")
    await hold(payroll, "cem", "ben")
    run_id = await payroll.draft("2026-03")
    await review_run(payroll.as_member("cyd"), run_id)
    dispute_id = await contest(payroll, "ann")
    assert await told(payroll) == [("hal", "dispute.opened")]
    await approve_run(payroll.as_member("ben"), run_id)
    with pytest.raises(AccessDenied, match="a head above whoever approved"):
        await decide_dispute(payroll.as_member("hal"), dispute_id, Decision("no", granted=False))
    service = payroll.as_service("incentives:write", "graph:read")
    with pytest.raises(AccessDenied):
        await decide_dispute(service, dispute_id, Decision("no", granted=False))
    await decide_dispute(payroll.as_member("ben"), dispute_id, Decision("an admin may", granted=False))


async def test_of_two_who_decide_at_once_one_does(database: Database) -> None:
    """One grants and one refuses at the same time: the other is told how it was decided."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    answers = await asyncio.gather(
        decide_dispute(payroll.as_member("ada"), dispute_id, Decision("yes", granted=True, amount=Decimal(5))),
        decide_dispute(payroll.as_member("cyd"), dispute_id, Decision("no", granted=False)),
        return_exceptions=True,
    )
    (error,) = [one for one in answers if one is not None]
    assert isinstance(error, InputError)
    assert error.code == "BAD_STATUS"
    ((status, version),) = await payroll.fetch("SELECT status, version FROM dispute")
    assert version == 2
    assert f"this dispute is {status}" in error.message


async def test_a_decision_has_a_reason_and_stands(database: Database) -> None:
    """Without a reason, with an amount for a refusal, or for a version of before, nothing is decided; then once."""
    payroll = await paid_month(database)
    dispute_id, ada = await contest(payroll, "ann"), payroll.as_member("ada")
    await refused(decide_dispute(ada, dispute_id, Decision(" ", granted=True)), "REASON_MISSING")
    unexpected = Decision("no", granted=False, amount=Decimal(1))
    await refused(decide_dispute(ada, dispute_id, unexpected), "AMOUNT_UNEXPECTED")
    await refused(decide_dispute(ada, dispute_id, Decision("y", granted=True, amount=Decimal(-1))), "BAD_AMOUNT")
    with pytest.raises(Conflict):
        await decide_dispute(ada, dispute_id, Decision("no", granted=False), expected_version=7)
    await decide_dispute(ada, dispute_id, Decision("no", granted=False))
    await refused(decide_dispute(ada, dispute_id, Decision("yes", granted=True)), "BAD_STATUS")
    await refused(withdraw_dispute(payroll.as_member("ann"), dispute_id), "BAD_STATUS")
    await refused(contest(payroll, "ann"), "DECIDED")
    steps = await payroll.fetch("SELECT action, reason FROM audit_entry WHERE object_type = 'Dispute' ORDER BY id")
    assert [tuple(row) for row in steps] == [("dispute.open", None), ("dispute.refuse", "no")]
    events = await payroll.fetch("SELECT topic FROM outbox_event WHERE topic LIKE 'dispute%' ORDER BY id")
    assert [row["topic"] for row in events] == ["dispute.opened", "dispute.refused"]


async def test_member_heads_and_admins_talk_in_one_thread(database: Database) -> None:
    """What Ann says the admins are told, what Hal says Ann; Bob does not see it; what was said stays said."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    with pytest.raises(NotFound):
        await comment_on_dispute(payroll.as_member("bob"), dispute_id, "me too")
    with pytest.raises(AccessDenied):
        await comment_on_dispute(payroll.as_service("incentives:write", "graph:read"), dispute_id, "beep")
    await refused(comment_on_dispute(payroll.as_member("ann"), dispute_id, " "), "TEXT_MISSING")
    await comment_on_dispute(payroll.as_member("hal"), dispute_id, "which order?")
    await comment_on_dispute(payroll.as_member("ann"), dispute_id, "the one of the tenth")
    assert (await told(payroll))[3:] == [("ann", "dispute.commented")] + [
        (name, "dispute.commented") for name in ("ada", "ben", "cyd")
    ]
    rows = await payroll.fetch("SELECT author, text FROM dispute_comment ORDER BY id")
    assert [tuple(row) for row in rows] == [("hal", "which order?"), ("ann", "the one of the tenth")]


async def test_only_the_member_withdraws_and_may_come_again(database: Database) -> None:
    """An admin cannot take Ann's dispute back; she does, and contests the line anew."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    with pytest.raises(AccessDenied, match="withdrawn by whoever opened it"):
        await withdraw_dispute(payroll.as_member("ada"), dispute_id)
    await withdraw_dispute(payroll.as_member("ann"), dispute_id, "my mistake")
    await refused(withdraw_dispute(payroll.as_member("ann"), dispute_id), "BAD_STATUS")
    await contest(payroll, "ann")


async def test_a_dispute_of_a_run_that_is_given_up_lapses(database: Database) -> None:
    """It outlives that the run is returned and computed again; once it is cancelled there is nothing to decide on."""
    payroll = await sold(database)
    run_id = await payroll.draft("2026-03")
    await review_run(payroll.as_member("ada"), run_id)
    dispute_id = await contest(payroll, "ann")
    await return_run(payroll.as_member("ben"), run_id, "Ann's is to be looked at")
    await again(payroll, run_id)
    await cancel_run(payroll.as_member("ada"), run_id)
    message = await refused(grant(payroll, dispute_id, 5), "BAD_STATUS")
    assert message == "this dispute is lapsed; it can be decided on while it is open"
