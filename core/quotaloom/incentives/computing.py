"""The lines of many members' statements: their chains are asked step by step, each step for all members at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quotaloom.incentives.canonical import canonical, plain
from quotaloom.incentives.chains import Chain, ChainRule
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.rewarding import ask_for_lines
from quotaloom_sdk import IncentiveLine, IncentiveRequest, IncentiveResult


class RunFailed(Exception):
    """A statement cannot be computed: the message names plugin, member and rule."""


@dataclass(slots=True)
class Case:
    """One member and one period: what is asked, by which chain, and what was answered so far.

    `asked` has the member's facts with what was carried, corrected and advanced before. `lines` name their rule.
    `carries` and `advances` are by rule.
    """

    member_id: int
    asked: IncentiveRequest[Any]
    chain: Chain
    lines: list[IncentiveLine] = field(default_factory=list)
    carries: dict[str, int] = field(default_factory=dict)
    advances: dict[str, int] = field(default_factory=dict)

    @property
    def carried_out(self) -> int:
        """What floors cut off, 0 or below."""
        return sum(self.carries.values())

    @property
    def advanced_after(self) -> int:
        """What draws have paid in advance, with this period."""
        return self.asked.advanced + sum(self.advances.values())

    @property
    def outcomes(self) -> dict[str, dict[str, int]]:
        """What each rule carried and advanced, where it did."""
        given = {"carry": self.carries, "advance": self.advances}
        return {
            rule.key: {name: of[rule.key] for name, of in given.items() if of.get(rule.key)}
            for rule in self.chain
            if self.carries.get(rule.key) or self.advances.get(rule.key)
        }

    def balances(self) -> dict[str, int]:
        """What each rule comes to: its lines and what it carried, less what it advanced.

        A floor comes to nothing: what it adds it carries. So refunds and what they take away are told from when it is
        paid.
        """
        found = {rule.key: self.carries.get(rule.key, 0) - self.advances.get(rule.key, 0) for rule in self.chain}
        for line in self.lines:
            found[line.rule] += line.amount
        return found

    def request(self) -> IncentiveRequest[Any]:
        """What the next policy is asked. Of advances it may get back what was paid out before this period."""
        returned = sum(min(0, advance) for advance in self.advances.values())
        return replace(
            self.asked,
            earlier=tuple(self.lines),
            advanced=self.asked.advanced + returned,
        )

    def take(self, rule: ChainRule, result: IncentiveResult) -> None:
        """Add what a rule gave."""
        self.lines += [replace(line, rule=rule.key) for line in result.lines]
        self.carries[rule.key], self.advances[rule.key] = result.carry, result.advance
        sums = (sum(line.amount for line in self.lines), self.carried_out, self.advanced_after)
        if any(abs(one) > LARGEST // 4 for one in sums):
            raise RunFailed(f"rule {rule.key} for {self.asked.member.name}: the sums do not fit into 64 bits")


async def compute(host: PolicyHost, cases: Sequence[Case], *, company_id: int) -> None:
    """Ask for the lines of all cases; call it outside any transaction.

    Raises `RunFailed` for the first policy that fails, naming plugin, rule and member; `Unavailable`.
    """
    longest = max((len(case.chain) for case in cases), default=0)
    rules = {id(rule): rule for case in cases for rule in case.chain}
    texts = {number: canonical(rule.to_json()) for number, rule in rules.items()}
    for step in range(longest):
        groups: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            if step < len(case.chain):
                groups[texts[id(case.chain[step])]].append(case)
        for of_rule in groups.values():
            await _ask(host, of_rule[0].chain[step], of_rule, company_id)


async def _ask(host: PolicyHost, rule: ChainRule, cases: Sequence[Case], company_id: int) -> None:
    try:
        selected = rule.selected(host.registry)
    except InputError as error:
        raise RunFailed(error.message) from None
    requests = [case.request() for case in cases]
    try:
        results = await ask_for_lines(host, selected, requests, company_id=company_id)
    except PolicyFailed as error:
        raise await _blamed(host, rule, cases, requests, error, company_id) from error
    for case, result in zip(cases, results, strict=True):
        case.take(rule, result)


async def _blamed(
    host: PolicyHost,
    rule: ChainRule,
    cases: Sequence[Case],
    requests: Sequence[IncentiveRequest[Any]],
    error: PolicyFailed,
    company_id: int,
) -> RunFailed:
    """The failure with the name of the member whose request it was: they are asked about once more, one by one."""
    selected = rule.selected(host.registry)
    for case, request in zip(cases, requests, strict=True):
        try:
            await ask_for_lines(host, selected, [request], company_id=company_id)
        except PolicyFailed as again:
            return RunFailed(f"rule {rule.key} for {case.asked.member.name}: {again}")
    return RunFailed(f"rule {rule.key}: {error}")


def inputs_of(asked: IncentiveRequest[Any], chain: Chain, context: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a statement, as JSON: what the policies are asked, by which rules, in which calendar."""
    return {"asked": facts_of(asked), "chain": [rule.to_json() for rule in chain], "context": dict(context)}


def facts_of(asked: IncentiveRequest[Any]) -> dict[str, Any]:
    """What the policies are asked, without parameters, as JSON; what is carried over always stands in it."""
    facts: dict[str, Any] = plain(replace(asked, parameters=None, earlier=()))
    facts.pop("parameters", None)
    return {**facts, "carried": asked.carried, "corrected": asked.corrected, "advanced": asked.advanced}
