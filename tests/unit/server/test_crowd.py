"""The place that a new connection finds."""

from __future__ import annotations

from quotaloom_server.crowd import Crowd, Place

SPARE = 5


class Guest:
    """A connection that keeps in mind whether it had to leave."""

    has_left = False

    def leave(self) -> None:
        """Leave."""
        self.has_left = True


def test_places_are_free_until_there_are_none() -> None:
    """Of three places two are taken, then all, then the spare ones, too; who lingers takes one as well."""
    crowd = Crowd(3, SPARE)
    assert [crowd.place(others) for others in (2, 3, 2 + SPARE, 3 + SPARE)] == [
        Place.FREE,
        Place.SPARE,
        Place.SPARE,
        Place.NONE,
    ]
    crowd.lingering.add(object())
    assert [crowd.place(others) for others in (1, 2, 2 + SPARE)] == [Place.FREE, Place.SPARE, Place.NONE]


def test_who_is_idle_for_longest_makes_room_and_only_where_it_is_needed() -> None:
    """The first of two leaves for the fourth connection, the second for the next; then there is a spare place."""
    crowd, first, second = Crowd(3, SPARE), Guest(), Guest()
    crowd.idle |= {first: None, second: None}
    assert crowd.place(2) is Place.FREE
    assert not first.has_left
    assert (crowd.place(3), first.has_left, second.has_left) == (Place.FREE, True, False)
    assert (crowd.place(3), second.has_left, crowd.idle) == (Place.FREE, True, {})
    assert crowd.place(3) is Place.SPARE


def test_a_spare_connection_that_leaves_makes_no_place_free() -> None:
    """All three are busy, and a fourth one says nothing: for the fifth it leaves, and that is a spare one in turn."""
    crowd, silent = Crowd(3, SPARE), Guest()
    crowd.idle[silent] = None
    assert (crowd.place(4), silent.has_left) == (Place.SPARE, True)
