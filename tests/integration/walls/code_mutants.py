"""Checks of the code, taken away one at a time: who then is told more than before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zlib import crc32

from tests.integration.walls.asking import Answer, canaries
from tests.integration.walls.filters import FALSE
from tests.integration.walls.questions import BEHIND, READ, Asker, Question
from tests.integration.walls.switches import Removable, Removing
from tests.integration.walls.telling_more import tells_more


@dataclass
class Traced:
    """Questions, their answers while all checks stand, and which checks each of them asks.

    They are the same in every copy of the three companies, so that a process asks for them once.
    """

    answers: dict[Question, Answer] = field(default_factory=dict)
    asking: dict[int, list[Question]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Trial:
    """Takes checks away, and asks again whatever came to them."""

    asker: Asker
    switches: Removing
    hidden: Mapping[str, frozenset[str]]
    """The canaries that somebody must not see, by who it is."""

    traced: Traced = field(default_factory=Traced)
    count: Counter[str] = field(default_factory=Counter)

    async def trace(self, questions: Iterable[Question]) -> None:
        """Ask everything once with all checks in place."""
        for question in questions:
            self.switches.asked.clear()
            answer = await self.asker.ask(question)
            assert question.kind == BEHIND or not self._canaries(question, answer), question
            self.traced.answers[question] = answer
            for number in self.switches.asked:
                self.traced.asking[number].append(question)

    async def is_needed(self, check: Removable) -> bool:
        """Whether somebody sees a canary that he must not see, is told more, or refused no more, without the check."""
        for question in self._coming_to(check):
            if await self._is_missed(check, question, self.traced.answers[question]):
                return True
        return False

    async def misses(self, check: Removable) -> int:
        """How many of the questions miss it: all that come to it are asked."""
        return sum([await self._is_missed(check, one, self.traced.answers[one]) for one in self._coming_to(check)])

    async def is_needed_without(self, check: Removable, other: Removable, way: int) -> bool:
        """The same where another check is gone as well, without which alone nobody is told less."""
        for question in self._coming_to(check, other):
            with self.switches.without(other, way):
                before = await self._asked(question)
                if before is None or _more(question, before, self.traced.answers[question]):
                    continue
                if await self._is_missed(check, question, before):
                    return True
        return False

    def _coming_to(self, *checks: Removable) -> list[Question]:
        """The questions that ask one of these checks; the others run none of the code that is exchanged."""
        return sorted(set().union(*(self.traced.asking[one.number] for one in checks)), key=_shuffled)

    async def _is_missed(self, check: Removable, question: Question, before: Answer) -> bool:
        for way in range(len(check.instead)):
            with self.switches.without(check, way):
                answer = await self._asked(question)
            if answer is None:
                continue
            if self._canaries(question, answer) - self._canaries(question, before):
                self.count["canaries"] += 1
                return True
            # Where rows are left out that had been there, figures are others as well, and tell nobody more.
            if _more(question, before, answer, others=check.instead[way] != FALSE):
                self.count["more"] += 1
                return True
        return False

    async def _asked(self, question: Question) -> Answer | None:
        """The answer; None where it stumbled over what should not be there, and told nothing of it."""
        self.count["asked"] += 1
        try:
            return await self.asker.ask(question)
        except AssertionError:
            self.count["stumbled"] += 1
            return None

    def _canaries(self, question: Question, answer: Answer) -> frozenset[str]:
        return self.hidden.get(question.who, frozenset()) & canaries(answer)


def _shuffled(question: Question) -> int:
    """An order, the same in every run, in which questions of all kinds come early."""
    return crc32(f"{question.who} {question.text} {question.variables}".encode())


def _more(question: Question, before: Answer, after: Answer, *, others: bool = True) -> bool:
    """Whether `after` tells more than `before`, refuses no more, or writes more."""
    if question.kind in (READ, BEHIND):
        return tells_more(before.data, after.data, others=others)
    return _lets_in(before, after) or after.written > before.written


def _lets_in(before: Answer, after: Answer) -> bool:
    """Whether something was refused, and no more, or not for that reason."""
    return bool(before.errors) and [one for one in before.errors if one in after.errors] == []
