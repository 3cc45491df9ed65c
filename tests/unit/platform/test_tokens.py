"""Bearer tokens, and those that a process knows by heart."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from quotaloom.platform import tokens
from quotaloom.platform.access import Role
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity, TokenAuthority

ANN = Identity(1, "ann", Role.MEMBER, 7)


def authority(key: bytes = b"k" * 32) -> TokenAuthority:
    """An authority that knows no token yet."""
    return TokenAuthority(key, "quotaloom", "quotaloom")


def header(issuer: TokenAuthority, identity: Identity = ANN, seconds: int = 60) -> str:
    """The header with a fresh token."""
    return f"Bearer {issuer.issue(identity, datetime.now(UTC), timedelta(seconds=seconds))}"


def test_a_token_that_is_known_ends_when_it_ends() -> None:
    """It is good the first and the second time, and after its last second it is not."""
    ours = authority()
    sent = header(ours, seconds=2)
    assert [ours.authenticate(sent), ours.authenticate(sent)] == [ANN, ANN]
    time.sleep(2)
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="has expired"):
            ours.authenticate(sent)


def test_no_other_token_passes_for_one_that_is_known() -> None:
    """Neither with a letter more or less, nor of another key, nor as another authority's acquaintance."""
    ours, others = authority(), authority(b"o" * 32)
    sent = header(ours)
    assert ours.authenticate(sent) == ANN
    for forged in (sent[:-1], f"{sent}A", sent.replace("Bearer", "Basic"), header(others)):
        with pytest.raises(Unauthenticated):
            ours.authenticate(forged)
    with pytest.raises(Unauthenticated):
        others.authenticate(sent)


@pytest.mark.parametrize("claim", ["sub", "jti"])
@pytest.mark.parametrize("text", ["a\0", "\ud800", "\udfffa"])
def test_what_cannot_be_written_down_names_nobody(claim: str, text: str) -> None:
    """NUL and half of a surrogate pair: neither a log nor the database could have it, though our key signed it. Nor is
    anybody named by such a token once it has expired."""
    ours = authority()
    good = jwt.decode(header(ours).removeprefix("Bearer "), options={"verify_signature": False})
    assert ours.authenticate(f"Bearer {jwt.encode(good, ours.key)}") == ANN
    for ends in (good["exp"], good["exp"] - 999):
        with pytest.raises(Unauthenticated) as refused:
            ours.authenticate(f"Bearer {jwt.encode({**good, claim: text, 'exp': ends}, ours.key)}")
        assert refused.value.bearer is None


@pytest.mark.parametrize(
    ("claim", "value"), [("exp", 10**18), ("company", 1 << 63), ("company", -1), ("member", 1 << 63), ("member", 7.0)]
)
def test_what_no_row_and_no_calendar_has_names_nobody(claim: str, value: object) -> None:
    """It is refused, though our key signed it."""
    ours = authority()
    good = jwt.decode(header(ours).removeprefix("Bearer "), options={"verify_signature": False})
    with pytest.raises(Unauthenticated, match="not valid here"):
        ours.authenticate(f"Bearer {jwt.encode({**good, claim: value}, ours.key)}")


def test_few_tokens_are_known_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three, two are kept; all three are good all the same."""
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    ours = authority()
    people = [replace(ANN, subject=name) for name in ("ann", "bo", "cy")]
    sent = {person.subject: header(ours, person) for person in people}
    for _ in range(2):
        assert [ours.authenticate(sent[person.subject]) for person in people] == people
        assert len(ours._good) == 2
