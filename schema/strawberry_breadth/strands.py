"""Coroutines that run as far as they can without an event loop.

The engine is written once, as coroutines. Where nothing has to be awaited they run to their end when they are
stepped, and the answer is there at once, as graphql-core's `execute_sync` expects. Before one awaits anything real it
says so by `Strands.pause`; whoever stepped it resumes it later, within a running loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from enum import Enum, auto
from types import coroutine
from typing import Any, Final, Generic, NamedTuple, TypeVar

AT_A_STRETCH: Final = 8_192
"""How many values are written before others may have the event loop: a few milliseconds."""

T = TypeVar("T")

Strand = Coroutine[Any, Any, T]


class Pause(Enum):
    """When a strand is to be resumed: in its turn, `BESIDE` others at the same time, or `LAST`, when they are done."""

    IN_TURN = auto()
    BESIDE = auto()
    LAST = auto()


class Paused(NamedTuple, Generic[T]):
    """A strand that waits to be resumed; see `Pause`."""

    strand: Strand[T]
    pause: Pause


class Done(NamedTuple, Generic[T]):
    """The result of a strand that had nothing to wait for."""

    result: T


class Strands:
    """The strands of one operation."""

    __slots__ = ("in_loop", "stepping")

    def __init__(self) -> None:
        self.stepping = False
        """Whether a strand runs up to its first pause: whoever sees that need not call `pause` otherwise."""
        self.in_loop = False
        """Whether the operation has been awaited, so that it may let others run."""

    def step(self, strand: Strand[T]) -> Done[T] | Paused[T]:
        """Run the strand up to its first pause."""
        before, self.stepping = self.stepping, True
        try:
            pause = strand.send(None)
        except StopIteration as stop:
            return Done(stop.value)
        finally:
            self.stepping = before
        return Paused(strand, pause)

    async def pause(self, pause: Pause = Pause.IN_TURN) -> None:
        """What comes next has to be awaited: let whoever stepped this strand go on first."""
        if self.stepping:
            await _hand_over(pause)

    async def breathe(self) -> None:
        """Let others have the loop for a moment, if there is one."""
        if self.in_loop:
            await self.pause()
            await asyncio.sleep(0)

    async def all(self, paused: Sequence[Paused[T]], enough: Callable[[T], bool] = lambda _: False) -> dict[int, T]:
        """The results of paused strands by their number; those `beside` others run at the same time.

        Once a result is `enough` the other strands are cancelled, and there are only the results so far.
        """
        try:
            await self.pause(_together([one.pause for one in paused]))
        except GeneratorExit:
            drop(paused)
            raise
        if len(paused) == 1:
            return {0: await resume(paused[0].strand)}
        beside = [index for index, one in enumerate(paused) if one.pause is Pause.BESIDE]
        tasks = {index: asyncio.ensure_future(_on(paused[index].strand)) for index in beside}
        results: dict[int, T] = {}
        try:
            for pause in (Pause.IN_TURN, Pause.LAST):
                for index, one in enumerate(paused):
                    if one.pause is pause:
                        results[index] = await resume(one.strand)
                        if enough(results[index]):
                            return results
            pending = set(tasks.values())
            while pending:
                finished, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                results.update({index: task.result() for index, task in tasks.items() if task in finished})
                if any(enough(task.result()) for task in finished):
                    return results
            return results
        finally:
            drop([one for one in paused if one.pause is not Pause.BESIDE])
            if tasks:
                for task in tasks.values():
                    task.cancel()
                await asyncio.gather(*tasks.values(), return_exceptions=True)


def drop(paused: Sequence[Paused[Any]]) -> None:
    """Leave paused strands where they are; each tidies up what it would have awaited."""
    for one in paused:
        one.strand.close()


def _together(pauses: Sequence[Pause]) -> Pause:
    """How strands pause that go on as one."""
    if Pause.BESIDE in pauses:
        return Pause.BESIDE
    return Pause.IN_TURN if Pause.IN_TURN in pauses else Pause.LAST


@coroutine
def _hand_over(pause: Pause) -> Generator[Pause, None, None]:
    yield pause


@coroutine
def resume(strand: Strand[T]) -> Generator[Any, Any, T]:
    """Await a strand from its pause on."""
    result: T = yield from strand.__await__()
    return result


async def _on(strand: Strand[T]) -> T:
    return await resume(strand)
