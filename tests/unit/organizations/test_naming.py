"""Names and keys."""

from __future__ import annotations

import pytest

from quotaloom.organizations.naming import checked_key, checked_name, free_key, listed
from quotaloom.platform.errors import InputError


def test_a_name_is_stripped() -> None:
    """Spaces around a name are dropped, those within stay."""
    assert checked_name("  华东  大区 ") == "华东  大区"


@pytest.mark.parametrize("name", ["", " ", "a\tb", "a\nb", "a\x00b", "a\u2028b", "a\ud800b", "x" * 201])
def test_a_name_that_cannot_be_shown_or_stored_is_refused(name: str) -> None:
    """Empty, overlong, with controls or half a character: refused at `name`."""
    with pytest.raises(InputError) as caught:
        checked_name(name)
    assert (caught.value.code, caught.value.path) == ("BAD_NAME", ("name",))


@pytest.mark.parametrize("key", ["", " a", "a ", "a\nb", "x" * 101])
def test_a_key_that_cannot_be_typed_is_refused(key: str) -> None:
    """Empty, overlong, with surrounding spaces or controls: refused at `key`."""
    with pytest.raises(InputError) as caught:
        checked_key(key)
    assert (caught.value.code, caught.value.path) == ("BAD_KEY", ("key",))


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("East Region", set(), "east-region"),
        ("East  &  Region!", {"east-region"}, "east-region-2"),
        ("East Region", {"east-region", "east-region-2"}, "east-region-3"),
        ("销售一部", set(), "销售一部"),
        ("***", {"team"}, "team-2"),
        ("x" * 200, set(), "x" * 88),
    ],
)
def test_a_key_is_made_from_a_name(name: str, taken: set[str], key: str) -> None:
    """Letters and digits of any script, joined by hyphens, numbered from 2 where taken, short enough to be numbered."""
    assert free_key(name, "team", taken) == key


def test_many_names_are_told_by_the_first_few() -> None:
    """A message names five and counts the rest."""
    assert listed("abcde") == "a, b, c, d, e"
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"
