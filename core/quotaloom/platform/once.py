"""What is done once, however often it is asked for: under a key of the caller's own.

The answer is kept in the transaction of what was done, so that there is never the one without the other. Whatever is
refused keeps nothing, and may be asked for again; so does what writes nothing, such as a dry run. Keys are the
caller's: the same key of another one is another key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.kept_values import dumped, loaded
from quotaloom.platform.time_limits import in_time, operation_time, timed
from quotaloom.platform.unit_of_work import Record, Transaction, to_the_end
from quotaloom.platform.work import Work

LONGEST_KEY: Final = 200
"""Characters of a key."""

KEPT: Final = timedelta(days=7)
"""How long an answer is kept at least; the next night forgets it."""

Answer = dict[str, Any]

Command = Callable[[Work], Awaitable[Answer]]
"""A use case whose answer holds what `kept_values` can keep, and nothing else."""


class KeyRefused(InputError):
    """A key that cannot be used: BAD_KEY, or IDEMPOTENCY_KEY_REUSED where it was used for something else."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What is asked for under which key: `fingerprint` (64 characters) is the same where all that is asked for is.

    `part` names one of several things that one request asks for, each of which is done for itself.
    """

    key: str
    fingerprint: str
    part: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= LONGEST_KEY or not self.key.isascii() or not self.key.isprintable():
            raise KeyRefused("BAD_KEY", f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters")


async def once(work: Work, named: RequestKey, command: Command, told_once: Collection[str] = ()) -> Answer:
    """The answer of `command`, or the one that was kept under this key.

    All that the command writes stands together, with the answer. Those who send the same key at once wait for the
    first, while there is time. What the answer has under the names in `told_once` is a secret, which is kept nowhere:
    it is None for all but the first. Raises what the command raises, and `KeyRefused`.
    """
    turn = work.database.turn(work.viewer.company_id, caller_of(work.viewer), named.key)
    return await to_the_end(_in_turn(turn, work, named, command, told_once))


def caller_of(viewer: Viewer) -> str:
    """Whose key it is: a member's whatever token he comes with, or a service's of its name."""
    return f"{viewer.role} {viewer.subject}" if viewer.member_id is None else f"member {viewer.member_id}"


async def _in_turn(
    turn: asyncio.Lock, work: Work, named: RequestKey, command: Command, told_once: Collection[str]
) -> Answer:
    async with AsyncExitStack() as ours:
        async with in_time(operation_time()):
            await ours.enter_async_context(turn)
        earlier = await _earlier(work, named)
        if earlier is not None:
            return earlier
        try:
            return await _done(work, named, command, told_once)
        except _DoneBefore as before:
            return before.answer
        except Exception:
            # Another process may have done it meanwhile, or it stands although the connection was lost. That is worth
            # finding out, even where the time is over.
            with timed(None):
                earlier = await _earlier(work, named)
            if earlier is None:
                raise
            return earlier


async def _done(work: Work, named: RequestKey, command: Command, told_once: Collection[str]) -> Answer:
    async def take(transaction: Transaction) -> None:
        await _take_key(transaction, work, named)

    async with work.database.held(work.viewer.company_id, work.writer, take) as held:
        answer = await command(replace(work, held=held))
        if not held.is_open:
            return answer
        secrets = {name: answer[name] for name in told_once}
        text = dumped({**answer, **dict.fromkeys(secrets)})

        async def keep(transaction: Transaction) -> None:
            await _keep(transaction, work, named, text)

        await held.run(keep)
        await held.commit()
    kept: Answer = loaded(text)  # as it will be read the next time
    return {**kept, **secrets}


class _DoneBefore(Exception):
    """It was done before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


async def _earlier(work: Work, named: RequestKey) -> Answer | None:
    async with work.snapshot() as snapshot:
        row = await snapshot.fetch_one(
            "SELECT fingerprint, (answers -> $4)::text AS answer FROM kept_answer"
            " WHERE company_id = $1 AND caller = $2 AND request_key = $3",
            *_names(work, named),
        )
    return None if row is None else _read(row, named)


async def _take_key(transaction: Transaction, work: Work, named: RequestKey) -> None:
    """Hold the key until the transaction ends; raises `_DoneBefore`. Whoever else sends it waits here."""
    row = await transaction.fetch_one(
        "INSERT INTO kept_answer AS kept (company_id, caller, request_key, fingerprint, answers, at)"
        " VALUES ($1, $2, $3, $5, '{}', $6)"
        " ON CONFLICT (caller, request_key, company_id) DO UPDATE SET at = kept.at"
        " RETURNING fingerprint, (answers -> $4)::text AS answer",
        *_names(work, named),
        named.fingerprint,
        transaction.now,
    )
    assert row is not None
    answer = _read(row, named)
    if answer is not None:
        raise _DoneBefore(answer)


async def _keep(transaction: Transaction, work: Work, named: RequestKey, answer: str) -> None:
    await transaction.execute(
        "UPDATE kept_answer SET answers = answers || jsonb_build_object($4::text, $5::text::jsonb)"
        " WHERE company_id = $1 AND caller = $2 AND request_key = $3",
        *_names(work, named),
        answer,
    )


def _names(work: Work, named: RequestKey) -> tuple[int, str, str, str]:
    return work.viewer.company_id, caller_of(work.viewer), named.key, named.part


def _read(row: Record, named: RequestKey) -> Answer | None:
    if row["fingerprint"] != named.fingerprint:
        raise KeyRefused(
            "IDEMPOTENCY_KEY_REUSED",
            f"the idempotency key {named.key!r} came with something else before: send what was sent then, or another"
            " key",
        )
    answer: Answer | None = None if row["answer"] is None else loaded(row["answer"])
    return answer


async def forget_answers(job: Job) -> None:
    """Delete the company's answers that are older than `KEPT`."""

    async def forget(transaction: Transaction) -> None:
        await transaction.execute("DELETE FROM kept_answer WHERE at < $1", job.now - KEPT)

    await (await job.work()).write(forget)


FORGET: Final = Nightly("answers.forget", forget_answers)
