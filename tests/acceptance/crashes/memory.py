"""What clients of an installation remember of everything that they have sent to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Memory:
    """What clients know: keys of orders sent and acknowledged, the last targets by month, and kinds of answers.

    A request posts two orders, whose keys end with `a` and `b`; a job posts one under its key. Members are made by
    requests with an idempotency key, which are sent again until they are acknowledged.
    """

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    targets: dict[str, int] = field(default_factory=dict)
    targets_sent: dict[str, int] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    members_sent: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[object] = field(default_factory=list)
    rounds: int = 0
    earlier_jobs: int = 0
