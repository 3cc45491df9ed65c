"""The place that a new connection finds."""

from __future__ import annotations

from quotaloom_server.crowd import Crowd, Place

SPARE = 5


class Guest:
    """A connection that keeps in mind whether it had to leave; it is late from a moment on."""

    has_left = False

    def __init__(self, late: float = 0.0) -> None:
        self.late = late

    def leave(self) -> None:
        """Leave."""
        self.has_left = True

    def is_late(self, now: float) -> bool:
        """Whether it is."""
        return now >= self.late


def test_places_are_free_until_there_are_none() -> None:
    """Of three places two are taken, then all, then the spare ones, too; who lingers takes one as well, for a while."""
    crowd = Crowd(3, SPARE)
    assert [crowd.place(others, 0) for others in (2, 3, 2 + SPARE, 3 + SPARE)] == [
        Place.FREE,
        Place.SPARE,
        Place.SPARE,
        Place.NONE,
    ]
    crowd.lingering[Guest(late=1)] = None
    assert [crowd.place(others, 0) for others in (1, 2, 2 + SPARE)] == [Place.FREE, Place.SPARE, Place.NONE]
    assert (crowd.place(2, 1), crowd.lingering) == (Place.FREE, {})


def test_who_is_idle_for_longest_makes_room_and_only_where_it_is_needed() -> None:
    """The first of two leaves for the fourth connection, the second for the next; then there is a spare place."""
    crowd, first, second = Crowd(3, SPARE), Guest(), Guest()
    crowd.idle |= {first: None, second: None}
    assert crowd.place(2, 0) is Place.FREE
    assert not first.has_left
    assert (crowd.place(3, 0), first.has_left, second.has_left) == (Place.FREE, True, False)
    assert (crowd.place(3, 0), second.has_left, crowd.idle) == (Place.FREE, True, {})
    assert crowd.place(3, 0) is Place.SPARE


def test_a_spare_connection_that_leaves_makes_no_place_free() -> None:
    """All three are busy, and a fourth one says nothing: for the fifth it leaves, and that is a spare one in turn."""
    crowd, silent = Crowd(3, SPARE), Guest()
    crowd.idle[silent] = None
    assert (crowd.place(4, 0), silent.has_left) == (Place.SPARE, True)


def test_who_is_late_makes_room_once_nobody_is_idle() -> None:
    """Three are there: one idle and two that have begun, the second of which is late at 7, the first one at 9."""
    crowd, idle, first, second = Crowd(3, SPARE), Guest(), Guest(9), Guest(7)
    crowd.idle[idle] = None
    crowd.unfinished |= {first: None, second: None}
    assert (crowd.place(3, 7), idle.has_left, second.has_left) == (Place.FREE, True, False)
    assert (crowd.place(3, 6.9), second.has_left) == (Place.SPARE, False)
    assert (crowd.place(3, 7), first.has_left, second.has_left) == (Place.FREE, False, True)
    assert (crowd.place(3, 8), first.has_left) == (Place.SPARE, False)
    assert (crowd.place(3, 9), first.has_left, crowd.unfinished) == (Place.FREE, True, {})


def test_as_many_leave_as_have_to_and_the_oldest_first() -> None:
    """Seven late ones, four beyond the three that may be: five leave, so that the next one has a place."""
    crowd, late = Crowd(3, SPARE), [Guest() for _ in range(7)]
    crowd.unfinished |= dict.fromkeys(late)
    assert crowd.place(7, 0) is Place.FREE
    assert [one.has_left for one in late] == [True] * 5 + [False] * 2


def test_who_has_just_come_stays_while_anybody_is_late() -> None:
    """One has been idle for long, one has begun and is late, two have just come: they leave in this order."""
    crowd, long, begun, new, newer = Crowd(4, SPARE), Guest(), Guest(), Guest(late=9), Guest(late=9)
    crowd.idle |= {long: None, new: None, newer: None}
    crowd.unfinished[begun] = None
    for one in (long, begun, new, newer):
        assert not one.has_left
        assert (crowd.place(4, 8), one.has_left) == (Place.FREE, True)
    assert crowd.place(4, 8) is Place.SPARE
