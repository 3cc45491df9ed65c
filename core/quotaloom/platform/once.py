"""What is done once, however often it is asked for: under a key of the caller's own.

The answer is kept in the transaction of what was done, so that there is never the one without the other. Whatever is
refused keeps nothing, and may be asked for again; so does what writes nothing, such as a dry run. Keys are the
caller's: the same key of another one is another key.

Whoever has lost something of what his rights hung on is asked for them again before he is answered from what is kept:
the command runs once more, in a transaction that is undone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.kept_answers import (
    NO_STANDING,
    Answer,
    DoneBefore,
    Kept,
    KeptAnswers,
    RequestKey,
    Standing,
    answers_to,
    caller_of,
)
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.time_limits import in_time, operation_time, timed
from quotaloom.platform.unbroken import to_the_end
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

KEPT: Final = timedelta(days=7)
"""How long an answer is kept at least; the next night forgets it."""

Command = Callable[[Work], Awaitable[Answer]]
"""A use case whose answer holds what `kept_values` can keep, and nothing else."""


async def once(
    work: Work,
    named: RequestKey,
    command: Command,
    told_once: Collection[str] = (),
    standing: Standing = NO_STANDING,
) -> Answer:
    """The answer of `command`, or the one that was kept under this key.

    All that the command writes stands together, with the answer. Those who send the same key at once wait for the
    first, while there is time. What the answer has under the names in `told_once` is a secret, which is kept nowhere:
    it is None for all but the first. Raises what the command raises, and `KeyRefused`.

    Where `standing` lacks anything that it had when the answer was kept, the command is asked again, and leaves
    nothing: where it denies access, or finds nothing that the viewer sees, that is raised. Where it refuses for another
    reason, such as that it was done, nobody knows of the right: then the answer is without all that it holds besides
    single values, such as figures.
    """
    return await to_the_end(_Once(answers_to(work.viewer), work, named, command, told_once, standing).answer())


@dataclass(frozen=True, slots=True)
class _Once:
    """What is to be done once."""

    kept: KeptAnswers
    work: Work
    named: RequestKey
    command: Command
    told_once: Collection[str]
    standing: Standing

    async def answer(self) -> Answer:
        """When it is its turn."""
        work = self.work
        turn = work.database.turn(work.viewer.company_id, caller_of(work.viewer), self.named.key)
        async with AsyncExitStack() as ours:
            async with in_time(operation_time()):
                await ours.enter_async_context(turn)
            earlier = await self.kept.earlier(work, self.named)
            if earlier is not None:
                return await self._again(earlier)
            try:
                return await self._done()
            except DoneBefore as before:
                earlier = before.kept
            except Exception:
                # Another process may have done it meanwhile, or it stands although the connection was lost. That is
                # worth finding out, even where the time is over.
                with timed(None):
                    earlier = await self.kept.earlier(work, self.named)
                if earlier is None:
                    raise
            return await self._again(earlier)

    async def _again(self, earlier: Kept) -> Answer:
        """What was kept, for whoever may still be told."""
        if self.standing.covers(earlier.standing) or await self._still_done():
            return earlier.answer
        return {name: _single(value) for name, value in earlier.answer.items()}

    async def _still_done(self) -> bool:
        """Whether it would be done once more; raises what refuses the viewer. Nothing of it stays."""
        work = self.work
        try:
            async with work.database.held(await self.kept.company(work), work.writer, _nothing_first) as held:
                await self.command(replace(work, held=held))
        except NotFound:
            raise
        except InputError as error:
            if isinstance(error, ManyRefused) and any(isinstance(one, NotFound) for one in error.errors):
                raise
            return False
        return True

    async def _done(self) -> Answer:
        kept, work, named = self.kept, self.work, self.named

        async def take(transaction: Transaction) -> None:
            await kept.take(transaction, work, named)

        async with work.database.held(await kept.company(work), work.writer, take) as held:
            answer = await self.command(replace(work, held=held))
            if not held.is_open:
                return answer
            secrets = {name: answer[name] for name in self.told_once}
            text = Kept({**answer, **dict.fromkeys(secrets)}, self.standing).text

            async def keep(transaction: Transaction) -> None:
                await kept.keep(transaction, work, named, text)

            await held.run(keep)
            await held.commit()
        return {**Kept.of(text).answer, **secrets}  # as it will be read the next time


async def _nothing_first(_: Transaction) -> None:
    """Begin without taking a key."""


def _single(value: Any) -> Any:
    return None if isinstance(value, list | dict) else value


async def forget_answers(job: Job) -> None:
    """Delete the company's answers that are older than `KEPT`."""

    async def forget(transaction: Transaction) -> None:
        await transaction.execute("DELETE FROM kept_answer WHERE at < $1", job.now - KEPT)

    await (await job.work()).write(forget)


FORGET: Final = Nightly("answers.forget", forget_answers)
