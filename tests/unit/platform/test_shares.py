"""Whose turn it is: whoever comes and goes, nobody has more than his part, and nobody waits who could have a turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from quotaloom.platform.limits import Allowance, Limits
from quotaloom.platform.shares import Payer, Shares

POOL: Final = 8
"""Of these a company may have 6, and one who asks 4."""

PAYERS: Final = st.tuples(st.integers(1, 3), st.sampled_from(["ada", "bo", "cy"]))
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("comes"), PAYERS),
        st.tuples(st.just("ends"), st.integers(0, 50)),
        st.tuples(st.just("leaves"), st.integers(0, 50)),
    ),
    max_size=120,
)


@dataclass
class Crowd:
    """Who holds a turn, and who waits for one, in the order in which they came."""

    shares: Shares
    holding: list[Payer] = field(default_factory=list)
    waiting: list[tuple[Payer, asyncio.Task[None]]] = field(default_factory=list)

    async def comes(self, whose: Payer) -> None:
        """Take a turn, or wait for one."""
        if self.shares.take(whose):
            self.holding.append(whose)
        else:
            self.waiting.append((whose, asyncio.create_task(self.shares.wait(whose, Allowance(Limits())))))
            await asyncio.sleep(0)

    async def ends(self, number: int) -> Payer | None:
        """One gives his turn back; tells who has it then."""
        if not self.holding:
            return None
        self.shares.give(self.holding.pop(number % len(self.holding)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        handed = [one for one in self.waiting if one[1].done()]
        assert len(handed) <= 1
        for one in handed:
            self.waiting.remove(one)
            self.holding.append(one[0])
            return one[0]
        return None

    async def leaves(self, number: int) -> None:
        """One waits no longer."""
        if self.waiting:
            _, task = self.waiting.pop(number % len(self.waiting))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def of_company(self, company: int) -> int:
        """How many turns a company has."""
        return sum(whose[0] == company for whose in self.holding)

    def may_have_one(self, whose: Payer) -> bool:
        """Whether one more is within what all, his company and he himself may have."""
        held = Counter(self.holding)
        return len(self.holding) < 8 and self.of_company(whose[0]) < 6 and held[whose] < 4

    def check(self) -> None:
        """Nobody has more than his part, and whoever waits could not have a turn."""
        assert len(self.holding) <= 8
        assert all(self.of_company(company) <= 6 for company in (1, 2, 3))
        assert all(of_one <= 4 for of_one in Counter(self.holding).values())
        assert not any(self.may_have_one(whose) for whose, _ in self.waiting)


@given(steps=STEPS)
def test_whoever_comes_and_goes_each_has_his_part(steps: list[tuple[str, Payer | int]]) -> None:
    """A turn that is given back goes to a company that holds no more than any other that could have it."""

    async def everything() -> None:
        crowd = Crowd(Shares(Limits(), POOL))
        for what, which in steps:
            if isinstance(which, tuple):
                await crowd.comes(which)
            elif what == "leaves":
                await crowd.leaves(which)
            elif (next_one := await crowd.ends(which)) is not None:
                had = crowd.of_company(next_one[0]) - 1
                others = {whose for whose, _ in crowd.waiting if whose[0] != next_one[0]}
                crowd.holding.remove(next_one)
                assert not any(crowd.may_have_one(whose) and crowd.of_company(whose[0]) < had for whose in others)
                crowd.holding.append(next_one)
            crowd.check()
        while crowd.holding or crowd.waiting:
            await crowd.ends(0)
            crowd.check()
        assert (crowd.shares._held, crowd.shares._holding, crowd.shares._waiting) == (0, {}, {})

    asyncio.run(everything())


async def _order(shares: Shares, holding: Payer, comers: list[Payer]) -> list[Payer]:
    """In which order those are served that come while the only turn is held."""
    assert shares.take(holding)
    order: list[Payer] = []

    async def served(whose: Payer) -> None:
        await shares.wait(whose, Allowance(Limits()))
        order.append(whose)
        shares.give(whose)

    async with asyncio.TaskGroup() as group:
        for whose in comers:
            group.create_task(served(whose))
        await asyncio.sleep(0)
        shares.give(holding)
    return order


async def test_companies_and_within_them_members_take_turns() -> None:
    """With one connection: each company in its turn, each of its members in theirs, whoever has lined up more."""
    ada, bo, other = (1, "ada"), (1, "bo"), (2, "other")
    order = await _order(Shares(Limits(), 1), ada, [ada, ada, ada, bo, bo, other, other])
    assert order == [ada, other, bo, other, ada, bo, ada]
