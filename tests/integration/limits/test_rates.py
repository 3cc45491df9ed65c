"""Who asks for too much in a minute is told when to come back."""

from __future__ import annotations

from pathlib import Path

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from tests.graph_client import serving
from tests.integration.targets.planning import NOON


async def test_what_is_too_much_for_a_minute_is_refused_with_the_seconds_to_wait(
    database_url: str, tmp_path: Path
) -> None:
    """A token has 2,500: two operations count 1,001 each, the third is refused with 429 in either media type."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_500) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        for _ in range(2):
            assert (await ann.ask("{ __typename }")) == {"__typename": "Query"}
        for accept in ("application/json", "application/graphql-response+json"):
            answer = await ann.http.post(
                "/graphql", json={"query": "{ __typename }"}, headers={**ann.headers, "accept": accept}
            )
            told = answer.json()["errors"][0]["extensions"]
            assert (answer.status_code, told["code"], told["limit"]) == (429, "RATE_LIMITED", "token_cost_per_minute")
            assert (told["allowed"], told["found"]) == (2_500, 1_001)
            assert answer.headers["retry-after"] == str(told["retryAfter"])
            assert 1 <= told["retryAfter"] <= 13  # 503 lack at the most, at 41.7 a second
        other = graph.signed_in(Identity(1, "bob", Role.MEMBER, 2))
        assert (await other.ask("{ __typename }")) == {"__typename": "Query"}
