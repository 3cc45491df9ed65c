"""In which order waiting calls are served, and how many may wait."""

from __future__ import annotations

import pytest

from quotaloom.policies.isolation.turns import QueueFull, Turns


def waiting(*calls: str, most: int = 32) -> Turns[str]:
    """Calls that wait, by names such as 1a: the first of company 1."""
    turns: Turns[str] = Turns(most)
    for call in calls:
        turns.add(int(call[0]), call)
    return turns


def served(turns: Turns[str]) -> list[str]:
    """All of them, in their order."""
    return [turns.take() for _ in range(len(turns))]


def test_companies_are_served_in_turn_and_each_in_its_order() -> None:
    """Three calls of company 1 came first; companies 2 and 3 wait for one of them, not for three."""
    assert served(waiting("1a", "1b", "1c", "2a", "2b", "3a")) == ["1a", "2a", "3a", "1b", "2b", "1c"]


def test_a_company_that_was_served_and_comes_again_is_last() -> None:
    """It does not get ahead of those that have waited meanwhile."""
    turns = waiting("1a", "2a", "3a")
    assert turns.take() == "1a"
    turns.add(1, "1b")
    assert served(turns) == ["2a", "3a", "1b"]


def test_one_company_fills_half_of_the_places() -> None:
    """With four places it has two, and another company still finds one."""
    turns = waiting("1a", "1b", most=4)
    with pytest.raises(QueueFull, match="2 calls of the company wait for it already"):
        turns.add(1, "1c")
    turns.add(2, "2a")
    turns.add(3, "3a")
    with pytest.raises(QueueFull, match=r"^4 calls wait for it already"):
        turns.add(4, "4a")


def test_a_single_place_is_anybodys() -> None:
    """Half of one place would be none."""
    turns = waiting("1a", most=1)
    with pytest.raises(QueueFull, match="1 calls wait for it already"):
        turns.add(2, "2a")
    assert served(turns) == ["1a"]


def test_a_call_that_is_removed_gives_its_place_and_no_turn_away() -> None:
    """The company's next call comes in its stead; removing what is not there changes nothing."""
    turns = waiting("1a", "1b", "2a", most=4)
    turns.remove(1, "1a")
    turns.remove(1, "1a")
    turns.remove(5, "5a")
    turns.add(1, "1c")
    assert served(turns) == ["1b", "2a", "1c"]
    turns.add(1, "1d")
    turns.remove(1, "1d")
    assert len(turns) == 0
    with pytest.raises(LookupError, match="no call waits"):
        turns.take()
