"""What transactions tell boards, in the few bytes that a notification takes."""

from __future__ import annotations

import pytest

from quotaloom.platform.attainment_changes import AttainmentChange, change_of, read_payload


def test_a_change_is_read_as_it_was_written() -> None:
    """Company 7, metrics 1 and 2, units 3 and 4; and of everything."""
    change = change_of([2, 1], [4, 3])
    assert change.payload(7) == "[7,[1,2],[3,4]]"
    assert read_payload("[7,[1,2],[3,4]]") == (7, change)
    assert read_payload(AttainmentChange().payload(7)) == (7, AttainmentChange())


def test_two_changes_are_one_of_what_either_names() -> None:
    """Metrics and units are joined; all and some are all."""
    assert change_of([1], [3]).joined(change_of([2], [4])) == change_of([1, 2], [3, 4])
    assert change_of([1], [3]).joined(change_of([2])) == change_of([1, 2])
    assert change_of([1], [3]).joined(AttainmentChange()) == AttainmentChange()


@pytest.mark.parametrize(
    ("metrics", "units", "read"),
    [
        (range(1), range(10**18, 10**18 + 500), change_of([0])),
        (range(10**18, 10**18 + 500), range(1), AttainmentChange()),
    ],
)
def test_what_does_not_fit_says_all(metrics: range, units: range, read: AttainmentChange) -> None:
    """Five hundred ids of 19 digits are more than 8000 bytes: the notification is short, and names none of them."""
    payload = change_of(metrics, units).payload(1)
    assert len(payload) < 8000
    assert read_payload(payload) == (1, read)


@pytest.mark.parametrize("payload", ["", "nonsense", "7", "[7]", "[7,[1],[2],[3]]", '{"company":7}'])
def test_what_is_no_change_is_refused(payload: str) -> None:
    """A notification of somebody else's raises what the listener logs."""
    with pytest.raises((ValueError, TypeError)):
        read_payload(payload)
