"""Awaitable values of a column, and the siblings of which nobody needs the value any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def awaited(value: Awaitable[T]) -> T:
    """The value, in a coroutine of its own."""
    return await value


class Dropped(Exception):
    """In place of the value of an item that nobody waits for, since its list is null."""


def drop_siblings(tasks: Sequence[asyncio.Future[Any]], owners: Sequence[int]) -> set[asyncio.Future[Any]]:
    """Have tasks cancelled as soon as one with the same owner has no value; the set takes in those that were."""
    dropped: set[asyncio.Future[Any]] = set()
    by_owner: dict[int, list[asyncio.Future[Any]]] = {}
    for task, owner in zip(tasks, owners, strict=True):
        by_owner.setdefault(owner, []).append(task)

    def drop_others(siblings: list[asyncio.Future[Any]], finished: asyncio.Future[Any]) -> None:
        if not finished.cancelled() and (finished.exception() is not None or finished.result() is None):
            for task in siblings:
                if not task.done() and task not in dropped:
                    dropped.add(task)
                    task.cancel()

    for siblings in by_owner.values():
        for task in siblings:
            task.add_done_callback(partial(drop_others, siblings))
    return dropped


def not_our_own(cancelled: asyncio.CancelledError) -> Exception:
    """The error of a batch field that ended so by itself; raises what it was given where our own task is cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise cancelled
    error = RuntimeError("a batch field ended with CancelledError")
    error.__cause__ = cancelled
    return error
