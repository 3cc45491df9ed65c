"""What earlier periods come to now: where a policy refuses one, that stays as it was paid, and the run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from quotaloom.incentives.computing import Case, RunFailed, compute
from quotaloom.incentives.restating import PaidStatement, Past
from quotaloom.policies.host import PolicyHost

MOST_REFUSED: Final = 20
"""How many earlier periods of a batch may be refused: more say that a plugin is broken, and fail the run."""

Restated = tuple[PaidStatement, Case]


async def restate(
    host: PolicyHost, past: Past, *, company_id: int
) -> tuple[list[Restated], Mapping[int, Sequence[str]]]:
    """The earlier periods that could be computed again, and the warnings of members; `past` stays as it is.

    What a period was paid by is fixed, so whoever is refused there cannot be helped by other rules. Raises `RunFailed`.
    """
    refused: list[tuple[Restated, str]] = []
    found = await _computed(host, past.restated, refused, company_id)
    warnings = {member_id: list(texts) for member_id, texts in past.warnings.items()}
    for (paid, case), why in refused:
        warnings.setdefault(case.member_id, []).append(f"{paid.label} stays as it was paid: {why}")
    return found, warnings


async def _computed(
    host: PolicyHost, restated: Sequence[Restated], refused: list[tuple[Restated, str]], company_id: int
) -> list[Restated]:
    """Fresh cases, computed; where one of them fails, both halves are asked apart."""
    fresh = [(paid, Case(case.member_id, case.asked, case.chain)) for paid, case in restated]
    try:
        await compute(host, [case for _, case in fresh], company_id=company_id)
    except RunFailed as error:
        if len(restated) > 1:
            middle = len(restated) // 2
            first = await _computed(host, restated[:middle], refused, company_id)
            return [*first, *await _computed(host, restated[middle:], refused, company_id)]
        refused.append((restated[0], str(error)))
        if len(refused) > MOST_REFUSED:
            raise
        return []
    return fresh
