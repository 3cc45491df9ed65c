from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.reviews.grading import Grade, Graded, beyond, grade_of, places_of, propose, seats

LIMITED = (
    Grade("A", Decimal(90), Decimal("0.2")),
    Grade("B", Decimal(60), Decimal("0.5")),
    Grade("C", Decimal(0)),
)


def group(*scores: str, grades: tuple[Grade, ...] = LIMITED) -> list[Graded]:
    """Reviews with these scores, numbered from 1, each with the grade that its score gives."""
    return [
        Graded(number, Decimal(score), grade_of(Decimal(score), grades) or "")
        for number, score in enumerate(scores, start=1)
    ]


def test_a_grade_is_given_from_its_lowest_score_on() -> None:
    """90 is an A, 89.99 a B; without grades there is none."""
    assert [grade_of(Decimal(score), LIMITED) for score in ("100", "90", "89.99", "60", "0")] == list("AABBC")
    assert grade_of(Decimal(50), ()) is None


def test_places_are_whole_people_by_largest_remainder() -> None:
    """Of 7 a fifth is 1.4, half 3.5 and the rest 2.1: 1, 4 and 2; of 3: 0.6, 1.5 and 0.9 are 1, 1 and 1."""
    assert seats(7, LIMITED) == [1, 4, 2]
    assert seats(3, LIMITED) == [1, 1, 1]


def test_of_equal_remainders_the_better_grade_gets_the_place() -> None:
    """Of one, halves are A's."""
    halves = (Grade("A", Decimal(50), Decimal("0.5")), Grade("B", Decimal(0)))
    assert seats(1, halves) == [1, 0]
    assert seats(3, halves) == [2, 1]


def test_more_than_may_have_a_grade_are_named() -> None:
    """Of five one may be an A and three a B: three are an A, and all five an A or B where four may."""
    five = group("95", "94", "93", "70", "65")
    assert [(one.grade, one.taken, one.most) for one in beyond(five, LIMITED)] == [("A", 3, 1), ("B", 5, 4)]
    assert beyond(group("95", "70", "65", "20", "10"), LIMITED) == []


def test_places_that_better_grades_leave_free_are_for_worse_ones() -> None:
    """No A among five: its place makes a fourth B."""
    five = group("80", "75", "70", "65", "10")
    assert beyond(five, LIMITED) == []
    assert [(one.grade, one.taken, one.most) for one in places_of(five, LIMITED)] == [("A", 0, 1), ("B", 4, 4)]


def test_the_proposal_goes_by_score_and_tells_ties() -> None:
    """Two share 95 and there is one A: the first named gets it, both are told as tied; who is beyond all is a C."""
    proposed = propose(group("95", "95", "93", "92", "91"), LIMITED)
    assert [(one.id, one.grade, one.tied) for one in proposed] == [
        *((1, "A", True), (2, "B", True), (3, "B", False)),
        *((4, "B", False), (5, "C", False)),
    ]


@st.composite
def graded(draw: st.DrawFn) -> tuple[list[Graded], tuple[Grade, ...]]:
    """A group of up to 30 with two to five grades, all but the last perhaps limited."""
    number = draw(st.integers(2, 5))
    lowest = sorted(draw(st.lists(st.integers(1, 99), min_size=number - 1, max_size=number - 1, unique=True)))[::-1]
    limited = draw(st.integers(1, number - 1))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=limited, max_size=limited)))
    shares = [Decimal(high - low) / 100 for low, high in zip([0, *cuts], cuts, strict=False)]
    given_shares = [*shares, *[None] * (number - limited)]
    grades = tuple(
        Grade("ABCDE"[place], Decimal(score), share)
        for place, (score, share) in enumerate(zip([*lowest, 0], given_shares, strict=True))
    )
    scores = draw(st.lists(st.integers(0, 100), max_size=30))
    return group(*map(str, scores), grades=grades), grades


@settings(max_examples=60, deadline=None)
@given(graded())
def test_places_are_exact_and_the_proposal_keeps_within_them(case: tuple[list[Graded], tuple[Grade, ...]]) -> None:
    """Places sum to the group, each its share rounded; proposals fit, never better one's own grade, keep the order.

    And nobody is demoted while there is a place left: his own grade, or a limited worse one, is full.
    """
    peers, grades = case
    places = seats(len(peers), grades)
    shares = [grade.share for grade in grades if grade.share is not None]
    assert sum(places) == len(peers)
    for place, share in zip(places, shares, strict=False):
        assert floor(Fraction(share) * len(peers)) <= place <= ceil(Fraction(share) * len(peers))
    by_id = {one.id: one for one in peers}
    proposed = propose(peers, grades)
    names = [grade.name for grade in grades]
    ranks = [names.index(one.grade) for one in proposed]
    assert ranks == sorted(ranks)
    assert sorted(one.id for one in proposed) == sorted(by_id)
    assert all(rank >= names.index(by_id[one.id].grade) for rank, one in zip(ranks, proposed, strict=True))
    fitting = [Graded(one.id, by_id[one.id].score, one.grade) for one in proposed]
    assert beyond(fitting, grades) == []
    assert (beyond(peers, grades) == []) == all(one.grade == by_id[one.id].grade for one in proposed)
    taken = Counter(one.grade for one in proposed)
    for rank, one in zip(ranks, proposed, strict=True):
        for better in range(names.index(by_id[one.id].grade), rank):
            limits = range(better, min(rank, len(shares)))
            assert any(sum(taken[n] for n in names[: k + 1]) == sum(places[: k + 1]) for k in limits)
