"""Whose turn it is."""

from __future__ import annotations

from quotaloom.reviews.people import admin_may


def test_what_waits_for_admins_waits_for_none_whose_own_it_is() -> None:
    """7 is reviewed, 8 gave the scores and may calibrate but not decide on them, 9 may do both."""
    review = {"member_id": 7, "reviewer_id": 8}
    for step, may in (("decision", [False, False, True]), ("calibration", [False, True, True])):
        assert [admin_may({**review, "step": step}, admin) for admin in (7, 8, 9)] == may
