"""What is done once under a key: together with its answer, or not at all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Unavailable
from quotaloom.platform.jobs.handlers import Job
from quotaloom.platform.kept_answers import Answer, KeyRefused, RequestKey, Standing
from quotaloom.platform.once import KEPT, forget_answers, once
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from tests.founding import found
from tests.integration.platform.killed_once import PLACES, enter_zoe, key_of

ZOE = RequestKey("7c1e", "0" * 64, "createMember")


async def members(work: Work) -> int:
    """How many members the company has."""
    async with work.snapshot() as snapshot:
        return len(await snapshot.fetch("SELECT id FROM member"))


@pytest.fixture
async def acme(database: Database) -> Work:
    """A company without members."""
    return await found(database)


@pytest.fixture
async def elsewhere(acme: Work, database_url: str) -> AsyncIterator[list[Work]]:
    """The same work in three other processes, as far as the database can tell."""
    async with AsyncExitStack() as stack:
        others = [Database(database_url, pool_size=3) for _ in range(3)]
        for other in others:
            await other.connect()
            stack.push_async_callback(other.close)
        yield [replace(acme, database=other) for other in others]


async def test_a_hundred_replays_have_one_effect_and_one_answer(acme: Work, elsewhere: list[Work]) -> None:
    """Sent a hundred times at once to four processes, Zoe is entered once, and all are told the same number."""
    works = [acme, *elsewhere] * 25
    answers = await asyncio.gather(*(once(work, ZOE, enter_zoe) for work in works))
    assert len(answers) == 100
    assert all(answer == answers[0] for answer in answers)
    assert await members(acme) == 1


@pytest.mark.parametrize("part", ["createMember", "another"])
async def test_a_key_stands_for_one_thing(acme: Work, part: str) -> None:
    """With other contents, of the same part or of another, the key is refused, and nothing is done."""
    await once(acme, ZOE, enter_zoe)
    with pytest.raises(KeyRefused) as caught:
        await once(acme, RequestKey("7c1e", "1" * 64, part), enter_zoe)
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert await members(acme) == 1


async def test_a_key_is_the_callers_own(acme: Work, database: Database) -> None:
    """The same key of another caller, and of another company, is another key; a member's other token is the same."""
    ann, bob = (
        replace(acme, viewer=replace(acme.viewer, subject=subject, member_id=number))
        for number, subject in enumerate(("ann", "bob"), start=1)
    )
    assert await once(acme, ZOE, enter_zoe) != await once(ann, ZOE, enter_zoe)
    await once(bob, ZOE, enter_zoe)
    await once(replace(ann, viewer=replace(ann.viewer, subject="her telephone")), ZOE, enter_zoe)
    assert await members(acme) == 3
    other = await found(database, key="other")
    await once(other, ZOE, enter_zoe)
    assert await members(other) == 1


HEAD = Standing(frozenset({"member", "heads 5"}), "led")

FIGURES = {"plan_id": 7, "matrix": [["12.00"]], "changes": {"before": 1}, "count": 2}


@pytest.mark.parametrize(
    ("standing", "lost"),
    [
        (HEAD, False),
        (Standing(HEAD.grants | {"holds 9"}, "led"), False),
        (Standing(frozenset({"member"}), "led"), True),
        (Standing(HEAD.grants, "others"), True),
    ],
)
async def test_whoever_lost_a_right_is_asked_for_it_again(acme: Work, standing: Standing, lost: bool) -> None:
    """The command runs once more and leaves nothing: what denies it is told, what refuses it otherwise takes away all
    but single values, and where nothing does all is answered. Whoever lost nothing is asked nothing."""
    asked: list[Exception | None] = []

    async def plan(work: Work) -> Answer:
        await enter_zoe(work)
        asked.append(fault)
        if fault is not None:
            raise fault
        return FIGURES

    fault: Exception | None = None
    key = RequestKey("plan", "0" * 64, "decomposeTarget")
    assert await once(acme, key, plan, standing=HEAD) == FIGURES
    bare = {**FIGURES, "matrix": None, "changes": None}
    missing = NotFound("NOT_FOUND", "there is none")
    for fault, expected in (
        (None, FIGURES),
        (InputError("DONE", "it was done"), bare),
        (AccessDenied("no"), None),
        (missing, None),
        (ManyRefused([InputError("DONE", "it was done"), missing]), None),
    ):
        if lost and expected is None:
            assert fault is not None
            with pytest.raises(type(fault)):
                await once(acme, key, plan, standing=standing)
        else:
            assert await once(acme, key, plan, standing=standing) == (expected if lost else FIGURES)
    assert len(asked) == (6 if lost else 1)
    assert await members(acme) == 1


async def refuse(_: Work) -> None:
    """Refuse what was written before."""
    raise InputError("LATER", "no")


async def fail_in_the_database(work: Work) -> None:
    """Write again what the database refuses."""

    async def apply(transaction: Transaction) -> None:
        await transaction.execute("SELECT 1 / 0")

    await work.write(apply)


async def lose_the_connection(work: Work, admin_url: str) -> None:
    """Have the transaction's connection cut while it is open."""

    async def whose(transaction: Transaction) -> int:
        row = await transaction.fetch_one("SELECT pg_backend_pid() AS pid")
        assert row is not None
        pid: int = row["pid"]
        return pid

    pid = await work.write(whose)
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await admin.close()


@pytest.mark.parametrize(
    ("then", "error"),
    [(refuse, InputError), (fail_in_the_database, asyncpg.DivisionByZeroError), (None, Unavailable)],
)
async def test_what_fails_half_way_leaves_nothing(
    acme: Work, admin_url: str, then: Callable[[Work], Awaitable[None]] | None, error: type[Exception]
) -> None:
    """Refused, failed or cut off after the first write, none of it is there, nor an answer; and it may come again."""

    async def enter_and_fail(work: Work) -> Answer:
        answer = await enter_zoe(work)
        await (then(work) if then else lose_the_connection(work, admin_url))
        return answer

    with pytest.raises(error):
        await once(acme, ZOE, enter_and_fail)
    async with acme.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT FROM member UNION ALL SELECT FROM kept_answer") == []
    await once(acme, RequestKey("7c1e", "1" * 64, "mended"), enter_zoe)
    assert await members(acme) == 1


async def test_a_process_that_is_killed_has_done_all_or_nothing(acme: Work, database_url: str) -> None:
    """SIGKILL once the member is written, once its answer is, and once both are committed: the first two left nothing,
    the third is answered with the member that is there. Sent again, each has entered one."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.platform.killed_once", database_url, str(acme.company.id)),
        cwd=Path(__file__).parents[3],
    )
    assert await process.wait() == 0
    async with acme.snapshot() as snapshot:
        (there,) = await snapshot.fetch("SELECT id FROM member")
    answers = {place: (await once(acme, key_of(place), enter_zoe))["member_id"] for place in PLACES}
    assert answers["committed"] == there["id"]
    assert len(set(answers.values())) == await members(acme) == 3


async def test_what_is_written_in_several_pieces_stands_together(acme: Work, elsewhere: list[Work]) -> None:
    """A command that writes twice is one transaction: others see both members at once, or none."""
    seen = []

    async def enter_two(work: Work) -> Answer:
        await enter_zoe(work)
        seen.append(await members(elsewhere[0]))
        return await enter_zoe(work)

    await once(acme, ZOE, enter_two)
    assert (seen, await members(acme)) == ([0], 2)


async def test_what_writes_nothing_is_not_kept(acme: Work) -> None:
    """A question is answered anew each time, and its key is free for something else."""

    async def count_members(work: Work) -> Answer:
        return {"members": await members(work)}

    assert await once(acme, ZOE, count_members) == {"members": 0}
    await once(acme, RequestKey("7c1e", "1" * 64, "createMember"), enter_zoe)
    assert await members(acme) == 1


async def test_nothing_is_read_with_another_connection_after_a_write(acme: Work) -> None:
    """Others wait for what is written; a command that would wait for a connection meanwhile is told so, and undone."""

    async def enter_and_read(work: Work) -> Answer:
        await enter_zoe(work)
        return {"members": await members(work)}

    with pytest.raises(RuntimeError, match="comes before what it writes"):
        await once(acme, ZOE, enter_and_read)
    assert await members(acme) == 0


async def test_who_fails_since_it_is_done_is_told_what_came_of_it(acme: Work, elsewhere: list[Work]) -> None:
    """Where another process does it between our looking and our writing, its answer is ours, and no error."""

    async def too_late(work: Work) -> Answer:
        await once(elsewhere[0], ZOE, enter_zoe)
        raise InputError("EXISTS", "there is one already")

    answer = await once(acme, ZOE, too_late)
    assert answer == await once(acme, ZOE, enter_zoe)
    assert await members(acme) == 1


async def test_a_caller_who_leaves_changes_nothing(acme: Work) -> None:
    """Cancelled while it is done, it is done to its end and answered the next time; no connection is kept."""
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def enter_slowly(work: Work) -> Answer:
        answer = await enter_zoe(work)
        entered.set()
        await go_on.wait()
        return answer

    waiting = asyncio.create_task(once(acme, ZOE, enter_slowly))
    await entered.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await once(acme, ZOE, enter_zoe)
    assert await members(acme) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel", "a\nb"])
def test_a_key_has_a_form(key: str) -> None:
    """1 to 200 printable ASCII characters; anything else is refused."""
    with pytest.raises(KeyRefused) as caught:
        RequestKey(key, "0" * 64, "createMember")
    assert caught.value.code == "BAD_KEY"


async def test_answers_are_forgotten_after_a_week(acme: Work) -> None:
    """A week later, by PostgreSQL's clock, whatever that of the machine says, the answer is still given; the night
    after that the key is a new one."""
    await once(acme, ZOE, enter_zoe)
    async with acme.snapshot() as snapshot:
        (row,) = await snapshot.fetch("SELECT now() AS now")
    job = partial(Job, "answers.forget", acme.company.id, {}, 1, acme.database)
    await forget_answers(job(row["now"] - timedelta(minutes=1) + KEPT))
    await once(acme, ZOE, enter_zoe)
    assert await members(acme) == 1
    await forget_answers(job(row["now"] + KEPT + timedelta(seconds=1)))
    await once(acme, ZOE, enter_zoe)
    assert await members(acme) == 2
