"""How large a page may be."""

from __future__ import annotations

import pytest

from quotaloom.platform.errors import BeyondLimit
from quotaloom_graphql.connections import window


@pytest.mark.parametrize("first", [501, 0, -1])
def test_a_page_that_is_none_is_told_what_it_may_be(first: int) -> None:
    """The limit is the argument itself, 500; seen from further outside it is the same."""
    with pytest.raises(BeyondLimit) as refused:
        window(first, None)
    told = {"code": "BAD_PAGE", "limit": "first", "allowed": 500, "found": first}
    assert refused.value.extensions == {**told, "input": ["first"]}
    assert refused.value.at("members").extensions == {**told, "input": ["members", "first"]}


def test_the_largest_page_is_one() -> None:
    """Five hundred rows from the beginning."""
    assert window(500, None) == (0, 500)
