"""Which refusals of one minute are written, and which are counted."""

from __future__ import annotations

from quotaloom.platform.access import Role
from quotaloom.platform.refused_access import Minute
from quotaloom.platform.tokens import Identity


def test_all_that_is_written_of_one_bearer_is_bounded() -> None:
    """Of 12 at each of 11 fields ten of each are written until there are 100, then the first one of each field alone;
    the 301st field is one of the others, and the number in a path makes no other place of it."""
    minute = Minute(0, Identity(1, "bo", Role.MEMBER, 1))
    fields = [f"field{number}" for number in range(11)]
    written = [sum(minute.takes(field) for _ in range(12)) for field in fields]
    assert written == [10] * 10 + [1]
    assert minute.more == {**dict.fromkeys(fields[:10], 2), "field10": 11}
    assert [minute.takes(f"/runs/{number}/statements.csv") for number in range(2)] == [True, False]
    assert minute.more["/runs"] == 1
    assert sum(minute.takes(f"more{number}") for number in range(300)) == 288
    assert (minute.more["others"], len(minute.more)) == (12, 13)
