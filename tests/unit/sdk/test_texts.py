from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest

from quotaloom_sdk import (
    Assignment,
    Credit,
    Explanation,
    IncentiveLine,
    InvalidResult,
    PartScore,
    PoolResult,
    UnmetStandard,
)
from quotaloom_sdk.texts import cleaned, shown, text_fault, words_of

WHY = Explanation("Because.")
NUL = "a\x00b"
HALF = "a\ud800"


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


@dataclass
class Large:
    text: str


@pytest.mark.parametrize(
    ("text", "one_line", "fault"),
    [
        ("Größe 华\n🚀\t", False, None),
        ("Größe 华🚀", True, None),
        (NUL, False, "the NUL character"),
        (HALF, False, "U+D800, half of a surrogate pair"),
        ("a\nb", True, "the control character U+000A"),
        ("a\x85b", True, "the control character U+0085"),
    ],
)
def test_text_that_cannot_be_stored_is_told(text: str, one_line: bool, fault: str | None) -> None:
    """Any language, emoji and line breaks are fine; a title is of one line."""
    assert text_fault(text, one_line=one_line) == fault


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("x" * 10_000_000, None),
        ([["y" * 1000] * 1000] * 1000, None),
        (Large("z" * 1_000_000), "Large(…)"),
        (10**5000, "<a whole number of 16610 bits>"),
        (Fraction(10**5000, 3), "Fraction(<a whole number of 16610 bits>, 3)"),
        (-12, "-12"),
        ("\ud800", "'\\ud800'"),
    ],
    ids=range(7),
)
def test_anything_is_shown_in_a_few_words(given: object, words: str | None) -> None:
    """However large it is; numbers that Python does not write in digits are told by their size."""
    assert len(shown(given)) <= 120
    assert words is None or shown(given) == words


def test_what_cannot_be_shown_is_shown_by_its_type() -> None:
    """Neither a broken `__repr__` nor a broken `__str__` is a second error."""
    assert "Unshowable" in shown(Unshowable())
    assert words_of(Silent()) == "an error that cannot be shown"


def test_cleaned_text_is_short_and_plain() -> None:
    """What terminals, logs and JSON choke on is replaced; line breaks stay."""
    assert cleaned("a\ud800\x00\x1b[2Jb\nc") == "a\ufffd\ufffd\ufffd[2Jb\nc"
    assert cleaned("x" * 5000) == "x" * 1998 + " …"


@pytest.mark.parametrize("text", [NUL, HALF], ids=["NUL", "surrogate"])
def test_results_hold_no_text_that_cannot_be_stored(text: str) -> None:
    """Neither in an id or a key nor in words that people read."""
    for make in (
        lambda: Explanation(text),
        lambda: Explanation("x", ((text, 1),)),
        lambda: Explanation("x", (("a", text),)),
        lambda: Credit(text, Fraction(1)),
        lambda: Credit("1", Fraction(1), member_id=text),
        lambda: UnmetStandard("code", text),
        lambda: IncentiveLine("key", text, 1, WHY),
        lambda: IncentiveLine("key", "Title", 1, WHY, entries=(text,)),
        lambda: Assignment("1", "2", text),
        lambda: PoolResult(assignments=(), memory=text, explanation=WHY),
        lambda: PartScore(text, Fraction(1), WHY),
    ):
        with pytest.raises(InvalidResult, match="which cannot be stored"):
            make()


def test_an_error_whose_words_would_end_the_program_is_told_all_the_same() -> None:
    """An error of a stranger's may exit where it is shown."""

    class Leaving(Exception):
        def __str__(self) -> str:
            raise SystemExit(3)

    assert words_of(Leaving()) == "an error that cannot be shown"
