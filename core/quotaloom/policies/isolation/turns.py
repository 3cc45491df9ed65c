"""Who waits for the workers of a plugin, and whose turn it is: companies in turn, and each in the order it asked."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueFull(Exception):
    """As many calls wait as may; the message says of whom."""


class Turns(Generic[T]):
    """Waiting calls by company; None stands for the server itself.

    `most` may wait in all, and half of them (at least one) of one company: however many calls that one sends, another
    finds a place, and waits for one of its calls at the most before its own is served.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = max(1, most // 2)
        self._waiting: dict[int | None, deque[T]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, company_id: int | None, call: T) -> None:
        """Have a call wait; a company that has none waiting comes after those that have. Raises `QueueFull`."""
        of_company = self._waiting.get(company_id, ())
        if len(self) >= self._most:
            raise QueueFull(f"{self._most} calls wait for it already")
        if len(of_company) >= self._most_of_one:
            raise QueueFull(f"{self._most_of_one} calls of the company wait for it already")
        self._waiting.setdefault(company_id, deque()).append(call)

    def take(self) -> T:
        """The call whose turn it is; its company comes last from now on. Raises `LookupError` where none waits."""
        if not self._waiting:
            raise LookupError("no call waits")
        company_id = next(iter(self._waiting))
        calls = self._waiting.pop(company_id)
        call = calls.popleft()
        if calls:
            self._waiting[company_id] = calls
        return call

    def remove(self, company_id: int | None, call: T) -> None:
        """Forget a call that waits no more, if it is still here; its company keeps its turn for the others."""
        calls = self._waiting.get(company_id)
        if calls is not None and call in calls:
            calls.remove(call)
            if not calls:
                del self._waiting[company_id]


__all__ = ["QueueFull", "Turns"]
