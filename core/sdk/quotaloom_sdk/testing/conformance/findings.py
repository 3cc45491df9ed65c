"""What the conformance kit finds, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quotaloom_sdk.texts import cleaned

LONGEST_SAMPLE = 4000
"""Characters of a sample that are shown."""


class FindingKind(StrEnum):
    """The kinds of finding; the value is how people are told."""

    UNUSABLE = "cannot be used"
    NOT_CHECKED = "not checked"
    EXCEPTION = "exception"
    WRONG_TYPE = "wrong type"
    WRONG_LENGTH = "wrong length"
    NOT_FINITE = "NaN or infinite"
    NEGATIVE = "negative"
    WRONG_ANSWER = "wrong answer"
    NOT_DETERMINISTIC = "not deterministic"
    INPUT_MUTATED = "input mutated"
    TOO_SLOW = "too slow"
    TOO_MUCH_MEMORY = "too much memory"
    PROCESS_ENDED = "ends the process"
    NETWORK = "touches the network"
    FILES = "touches the file system"
    PROGRAMS = "starts a program"
    ONE_BY_ONE = "reads one by one"
    NO_DESCRIPTION = "parameter without description"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a policy: which (`acme.by_year`, or `acme` for the plugin), what, and since when.

    `sample` is the smallest request that shows it, as the Python that makes it; empty where none is needed.
    """

    policy: str
    kind: FindingKind
    message: str
    sample: str = ""

    def lines(self) -> Iterator[str]:
        """The finding for people."""
        yield f"{self.kind}: {cleaned(self.message)}"
        if self.sample:
            yield f"  asked: {cleaned(self.sample, LONGEST_SAMPLE)}"


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """What came of checking one policy, or, under the plugin's own name, the plugin as a whole.

    `requests` is how many generated requests it was asked; `notes` say what could not be checked, and why.
    """

    name: str
    requests: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """It for people, a headline first."""
        asked = f", {self.requests} {'request' if self.requests == 1 else 'requests'}" if self.requests else ""
        count = len(self.findings)
        result = "fine" if not count else f"{count} {'finding' if count == 1 else 'findings'}"
        yield f"{cleaned(self.name)}: {result}{asked}"
        for finding in self.findings:
            yield from (f"  {line}" for line in finding.lines())
        yield from (f"  note: {cleaned(note)}" for note in self.notes)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        found = [[one.policy, one.kind.name, one.message, one.sample] for one in self.findings]
        return {"name": self.name, "requests": self.requests, "findings": found, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> CheckedPolicy:
        """What `to_json` wrote."""
        findings = tuple(
            Finding(policy, FindingKind[kind], message, sample) for policy, kind, message, sample in given["findings"]
        )
        return cls(given["name"], given["requests"], findings, tuple(given["notes"]))


@dataclass(frozen=True, slots=True)
class Report:
    """What came of checking a plugin: first the plugin as a whole, then its policies in the order of its hooks."""

    plugin: str
    policies: tuple[CheckedPolicy, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings; none at all means that the plugin passes."""
        return tuple(finding for policy in self.policies for finding in policy.findings)

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for policy in self.policies:
            yield from policy.lines()

    def __str__(self) -> str:
        return "\n".join(self.lines())


def with_findings(checked: CheckedPolicy, more: Iterable[Finding]) -> CheckedPolicy:
    """The same with more findings."""
    return CheckedPolicy(checked.name, checked.requests, (*checked.findings, *more), checked.notes)
