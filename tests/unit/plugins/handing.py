"""Handing out records in tests of pool policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from quotaloom_sdk import Attribute, Attributes, AttributeValue, CandidateFact, PoolPolicy, PoolResult, RecordFact
from quotaloom_sdk.testing import pool_request
from quotaloom_sdk.testing.requests import record


def candidate(name: str, **facts: Any) -> CandidateFact:
    return CandidateFact(name, name, **facts)


def noting(**values: AttributeValue) -> Attributes:
    return Attributes(tuple(Attribute(key, value) for key, value in values.items()))


def records(count: int, **facts: Any) -> list[RecordFact]:
    return [replace(record(f"record-{number}"), **facts) for number in range(count)]


def handed(
    policy: PoolPolicy[Any],
    given: Sequence[RecordFact],
    candidates: Sequence[CandidateFact],
    memory: str = "",
    **parameters: Any,
) -> PoolResult:
    request = pool_request(given, candidates, parameters=policy.parameters.model_validate(parameters), memory=memory)
    result = policy.assign(request)
    result.check(request)
    return result


def who(result: PoolResult) -> list[str | None]:
    return [one.member_id for one in result.assignments]


def counts(result: PoolResult) -> dict[str | None, int]:
    return dict(Counter(who(result)))
