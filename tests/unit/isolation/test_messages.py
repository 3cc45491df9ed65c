"""What the server accepts from a worker."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from quotaloom.policies.isolation.messages import Answer, Outcome, Unreadable, read_message
from quotaloom_sdk import AllocationResult, Explanation, Need


class Elsewhere:
    """A class that is neither the SDK's nor ours, as a plugin's own."""


class Runs:
    """Unpickling it would run a command."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.getcwd, ()


def test_results_of_the_sdk_and_plain_values_arrive_as_they_were() -> None:
    """Frozen dataclasses, enums, exact numbers, dates and what holds them."""
    because = Explanation("Because.", (("share", Fraction(1, 3)), ("rate", Decimal("0.5"))))
    value = (AllocationResult(children=(1, Fraction(2, 7)), explanation=because), {Need.HISTORY: [date(2026, 1, 1)]})
    answer = Answer(Outcome.ANSWERED, value)
    assert read_message(pickle.dumps(answer)) == answer


@pytest.mark.parametrize("value", [Elsewhere(), OrderedDict(), Runs(), os.getcwd, AllocationResult.__init__])
def test_nothing_else_is_made_from_a_message(value: object) -> None:
    """Neither a plugin's own class nor a function nor anything that runs."""
    with pytest.raises(Unreadable, match="which the server does not know"):
        read_message(pickle.dumps(value))


def test_nothing_is_imported_for_a_message() -> None:
    """A module that the server has not loaded stays unloaded, whatever its name."""
    with pytest.raises(Unreadable, match=r"quotaloom_sdk\.nowhere\.Thing"):
        read_message(b"\x80\x04\x8c\x15quotaloom_sdk.nowhere\x8c\x05Thing\x93.")


@pytest.mark.parametrize("message", [b"", b"garbage", pickle.dumps(Answer(Outcome.ANSWERED))[:-3]])
def test_a_damaged_message_is_told_as_such(message: bytes) -> None:
    """Whatever is wrong with the bytes, one error says so."""
    with pytest.raises(Unreadable):
        read_message(message)


class Reached:
    """Unpickling it would reach for an attribute, as a member of an enumeration is pickled by some releases."""

    def __init__(self, *of: object) -> None:
        self.of = of

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, self.of


def test_members_of_enumerations_arrive_however_they_are_pickled() -> None:
    """An attribute is read of an enumeration, and of nothing else."""
    assert read_message(pickle.dumps(Reached(Need, "HISTORY"))) is Need.HISTORY
    for of in ((Need, "__init__"), (Explanation, "__init__"), (Answer, "outcome")):
        with pytest.raises(Unreadable):
            read_message(pickle.dumps(Reached(*of)))
