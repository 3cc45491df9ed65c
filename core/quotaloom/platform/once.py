"""What is done once, however often it is asked for: under a key of the caller's own.

The answer is kept in the transaction of what was done, so that there is never the one without the other. Whatever is
refused keeps nothing, and may be asked for again; so does what writes nothing, such as a dry run. Keys are the
caller's: the same key of another one is another key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Final

from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.kept_answers import Answer, DoneBefore, KeptAnswers, RequestKey, answers_to, caller_of
from quotaloom.platform.kept_values import dumped, loaded
from quotaloom.platform.time_limits import in_time, operation_time, timed
from quotaloom.platform.unbroken import to_the_end
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

KEPT: Final = timedelta(days=7)
"""How long an answer is kept at least; the next night forgets it."""

Command = Callable[[Work], Awaitable[Answer]]
"""A use case whose answer holds what `kept_values` can keep, and nothing else."""


async def once(work: Work, named: RequestKey, command: Command, told_once: Collection[str] = ()) -> Answer:
    """The answer of `command`, or the one that was kept under this key.

    All that the command writes stands together, with the answer. Those who send the same key at once wait for the
    first, while there is time. What the answer has under the names in `told_once` is a secret, which is kept nowhere:
    it is None for all but the first. Raises what the command raises, and `KeyRefused`.
    """
    return await to_the_end(_in_turn(answers_to(work.viewer), work, named, command, told_once))


async def _in_turn(
    kept: KeptAnswers, work: Work, named: RequestKey, command: Command, told_once: Collection[str]
) -> Answer:
    turn = work.database.turn(work.viewer.company_id, caller_of(work.viewer), named.key)
    async with AsyncExitStack() as ours:
        async with in_time(operation_time()):
            await ours.enter_async_context(turn)
        earlier = await kept.earlier(work, named)
        if earlier is not None:
            return earlier
        try:
            return await _done(kept, work, named, command, told_once)
        except DoneBefore as before:
            return before.answer
        except Exception:
            # Another process may have done it meanwhile, or it stands although the connection was lost. That is worth
            # finding out, even where the time is over.
            with timed(None):
                earlier = await kept.earlier(work, named)
            if earlier is None:
                raise
            return earlier


async def _done(
    kept: KeptAnswers, work: Work, named: RequestKey, command: Command, told_once: Collection[str]
) -> Answer:
    async def take(transaction: Transaction) -> None:
        await kept.take(transaction, work, named)

    async with work.database.held(await kept.company(work), work.writer, take) as held:
        answer = await command(replace(work, held=held))
        if not held.is_open:
            return answer
        secrets = {name: answer[name] for name in told_once}
        text = dumped({**answer, **dict.fromkeys(secrets)})

        async def keep(transaction: Transaction) -> None:
            await kept.keep(transaction, work, named, text)

        await held.run(keep)
        await held.commit()
    as_kept: Answer = loaded(text)  # as it will be read the next time
    return {**as_kept, **secrets}


async def forget_answers(job: Job) -> None:
    """Delete the company's answers that are older than `KEPT`."""

    async def forget(transaction: Transaction) -> None:
        await transaction.execute("DELETE FROM kept_answer WHERE at < $1", job.now - KEPT)

    await (await job.work()).write(forget)


FORGET: Final = Nightly("answers.forget", forget_answers)
