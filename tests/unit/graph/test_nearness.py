"""Names that are near: what is suggested is what graphql-core would suggest, told sooner."""

from __future__ import annotations

import sys
from random import Random

import graphql
import pytest

from quotaloom_graphql.nearness import Nearness
from quotaloom_graphql.schema import build_schema

Original = Nearness.__mro__[1]


def test_distances_are_those_of_graphql_core() -> None:
    """For 60 names against 400 each, of few letters in both cases, so that swaps and capitals come up often."""
    random = Random(7)
    names = ["".join(random.choice("abcAB_") for _ in range(random.randint(0, 14))) for _ in range(400)]
    for name in names[:60]:
        threshold = int(len(name) * 0.4) + 1
        for option in names:
            found = Nearness(name).measure(option, threshold)
            assert found == Original(name).measure(option, threshold), (name, option)


@pytest.mark.parametrize(
    ("name", "option", "distance"),
    [("kind", "kind", 0), ("KIND", "kind", 1), ("knid", "kind", 1), ("kin", "kind", 1), ("kim", "kind", 2)],
)
def test_a_few_by_hand(name: str, option: str, distance: int) -> None:
    """Other capitals count once, and so do two letters that are swapped; no more than 2 is measured here."""
    assert Nearness(name).measure(option, 2) == distance
    assert Nearness(name).measure("leaderboard", 2) is None


async def test_schemas_measure_so() -> None:
    """A slip is answered with what was meant, and by no measure but ours."""
    schema = build_schema()
    assert sys.modules[f"{graphql.__name__}.pyutils.suggestion_list"].LexicalDistance is Nearness
    result = await schema.execute("{ compnay { name } }")
    assert [error.message for error in result.errors or ()] == [
        "Cannot query field 'compnay' on type 'Query'. Did you mean 'company'?"
    ]
