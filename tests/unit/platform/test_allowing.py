from __future__ import annotations

import pytest

from quotaloom.platform.allowing import AllowList, parse_allow_list


@pytest.mark.parametrize(
    ("text", "allowed", "trusted"),
    [
        ("*", {"acme", "beta"}, set()),
        ("", set(), set()),
        ("none", set(), set()),
        ("acme", {"acme"}, set()),
        ("acme, beta:trusted", {"acme", "beta"}, {"beta"}),
        (" * , beta : trusted ", {"acme", "beta"}, {"beta"}),
    ],
)
def test_list_names_who_may_run_and_whom_the_operator_trusts(text: str, allowed: set[str], trusted: set[str]) -> None:
    """A star allows all that is installed, and trusts nobody that is not named."""
    found = parse_allow_list(text)
    assert {name for name in ("acme", "beta") if found.allows(name)} == allowed
    assert {name for name in ("acme", "beta") if found.trusts(name)} == trusted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("none, acme", "'none' stands alone"),
        ("acme:trust", "'acme:trust' is no plugin: write its name, and acme:trusted to trust it"),
        ("acme-rules", "'acme-rules' is no plugin"),
        ("acme beta", "'acme beta' is no plugin"),
        ("*:trusted", "'*:trusted' is no plugin"),
    ],
)
def test_list_that_could_be_misread_is_refused(text: str, words: str) -> None:
    """Nobody is trusted or left out by a typing mistake."""
    with pytest.raises(ValueError) as refused:
        parse_allow_list(text)
    assert words in str(refused.value)


def test_by_default_everybody_runs_and_nobody_is_trusted() -> None:
    """An installation that says nothing runs what is installed, in workers."""
    assert AllowList().allows("acme")
    assert not AllowList().trusts("acme")
