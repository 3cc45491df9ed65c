"""Row-level policies, taken away from one table at a time: what then is shown of rows that are another company's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from tests.integration.walls.asking import Answer, Asking, canaries
from tests.integration.walls.filters import without_companies
from tests.integration.walls.keyed import KEY, KEYED
from tests.integration.walls.questions import Question, nothing_written


class Shown(IntEnum):
    """What answers show of rows of another company."""

    NOTHING = 0
    OTHERWISE = 1
    """An answer is not what it was: there are more of something, other figures, or a refusal more or less."""

    CANARY = 2
    """An answer has a canary in it."""


@dataclass
class Read:
    """What was answered while all policies stood, and which questions read a table.

    It is the same in every copy of the three companies, so that a process asks for it once.
    """

    answers: dict[Question, str] = field(default_factory=dict)
    reading: dict[str, list[Question]] = field(default_factory=dict)


@dataclass
class Sent:
    """The statements that are sent: the words in them, and whether they are sent without the company."""

    words: set[str] = field(default_factory=set)
    bare: bool = False

    def sent(self, sql: str) -> str:
        """The statement as it is sent."""
        self.words.update(re.findall(r"[a-z_]+", sql))
        return without_companies(sql) if self.bare else sql


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Watch all that is read while the block runs; nothing is written."""
    statements = Sent()
    fetch, fetch_to_write = Snapshot._fetch, Transaction.fetch

    async def read(self: Snapshot, sql: str, arguments: Sequence[Any]) -> Any:
        return await fetch(self, statements.sent(sql), arguments)

    async def read_to_write(self: Transaction, sql: str, *arguments: Any) -> Any:
        return await fetch_to_write(self, statements.sent(sql), *arguments)

    with patch.context() as patched, nothing_written(patch):
        patched.setattr(Snapshot, "_fetch", read)
        patched.setattr(Transaction, "fetch", read_to_write)
        yield statements


@dataclass
class Policies:
    """Asks what reads a table while its policy is gone."""

    asking: Asking
    admin: asyncpg.Connection[Any]
    statements: Sent
    people: dict[str, Identity | None]
    read: Read = field(default_factory=Read)
    asked: int = 0

    async def ask_everything(self, questions: Sequence[Question]) -> None:
        """Ask everything once; nothing planted is answered."""
        for question in questions:
            self.statements.words.clear()
            answer = await self._ask(self.asking, question)
            assert not canaries(answer), question
            self.read.answers[question] = answer.text
            for word in self.statements.words:
                self.read.reading.setdefault(word, []).append(question)

    async def shown(self, table: str, enough: Shown, *, bare: bool = False) -> Shown:
        """The most that is shown without the policy of a table to whoever reads it, up to what is enough.

        With `bare` the statements name no company either. A new process asks, which keeps nothing from before.
        """
        process, other = Asking(self.asking.walls, self.asking.database), list[Question]()
        self.statements.bare = bare
        async with self.without(table):
            for question in self.read.reading.get(table, ()):
                answer = await self._asked(process, question)
                if answer is not None and canaries(answer):
                    return Shown.CANARY
                if answer is not None and answer.text != self.read.answers[question]:
                    other.append(question)
                if other and enough is Shown.OTHERWISE:
                    break
        # It is for the policy, and not by chance, where the answer is what it was as soon as the policy is back.
        process = Asking(self.asking.walls, self.asking.database)
        steady = [(await self._ask(process, question)).text == self.read.answers[question] for question in other]
        return Shown.OTHERWISE if any(steady) else Shown.NOTHING

    async def _asked(self, process: Asking, question: Question) -> Answer | None:
        """The answer; None where it stumbled over rows that should not be there, and told nothing of them."""
        try:
            return await self._ask(process, question)
        except AssertionError:
            return None

    @asynccontextmanager
    async def without(self, table: str) -> AsyncIterator[None]:
        """Run the block without the policy of a table; afterwards statements name the company again."""
        await self.admin.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        try:
            yield
        finally:
            await self.admin.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            self.statements.bare = False

    async def _ask(self, process: Asking, question: Question) -> Answer:
        self.asked += 1
        key = KEY if question.kind == KEYED else None
        return await process.ask(self.people[question.who], question.text, question.variables, key)
