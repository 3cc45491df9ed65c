"""How much a company and a token may ask for in a minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quotaloom.platform import rates
from quotaloom.platform.access import Role
from quotaloom.platform.limits import Limits
from quotaloom.platform.rates import RateExceeded, Rates
from quotaloom.platform.tokens import Grant, GrantKind, Identity

ANN = Identity(1, "ann", Role.MEMBER, 1)
BOB = Identity(1, "bob", Role.MEMBER, 2)
ZOE = Identity(2, "ann", Role.MEMBER, 1)


class Clock:
    """Seconds, as the test sets them."""

    now = 0.0

    def __call__(self) -> float:
        """The second."""
        return self.now


def test_a_bucket_fills_up_again_by_the_second() -> None:
    """60,000 a minute are 1,000 a second: 50,000 + 1,000 leave 9,000, and 20,000 + 1,000 lack 12,000, so 12 seconds."""
    clock = Clock()
    buckets = Rates(Limits(token_cost_per_minute=60_000, company_cost_per_minute=0), clock)
    buckets.take(ANN, 50_000)
    with pytest.raises(RateExceeded) as caught:
        buckets.take(ANN, 20_000)
    assert caught.value.extensions == {
        "code": "RATE_LIMITED",
        "limit": "token_cost_per_minute",
        "allowed": 60_000,
        "found": 21_000,
        "retryAfter": 12,
    }
    clock.now = 11.5
    with pytest.raises(RateExceeded, match="in 1 s"):
        buckets.take(ANN, 20_000)
    clock.now = 12.0
    buckets.take(ANN, 20_000)


def test_tokens_of_a_company_share_its_bucket() -> None:
    """Each has 40,000, both together 60,000; another company's token of the same name has its own."""
    buckets = Rates(Limits(token_cost_per_minute=40_000, company_cost_per_minute=60_000), Clock())
    buckets.take(ANN, 38_000)
    with pytest.raises(RateExceeded) as caught:
        buckets.take(BOB, 30_000)
    assert caught.value.limit == "company_cost_per_minute"
    buckets.take(BOB, 19_000)  # what was refused was not taken
    buckets.take(ZOE, 38_000)


def test_another_token_has_no_bucket_of_its_own() -> None:
    """A member has one for all of his tokens, a service for those of its name, an API key for itself."""
    buckets = Rates(Limits(token_cost_per_minute=60_000, company_cost_per_minute=0), Clock())
    service = Identity(1, "service:crm", Role.SERVICE)
    first, second = (
        Identity(1, "key:crm", Role.SERVICE, grant=Grant(GrantKind.KEY, number), credential=f"ql_{number}")
        for number in (1, 2)
    )
    for one in (ANN, service, first):
        buckets.take(replace(one, credential=one.credential or "1"), 59_000)
        with pytest.raises(RateExceeded):
            buckets.take(replace(one, credential=one.credential or "2"), 0)
    with pytest.raises(RateExceeded):
        buckets.take(replace(ANN, grant=Grant(GrantKind.SESSION, 7)), 0)
    buckets.take(second, 59_000)


def test_an_operation_beyond_a_minutes_worth_needs_a_full_bucket() -> None:
    """It is let through, and paid for: 100,000 of 60,000 leave the bucket below nothing."""
    clock = Clock()
    buckets = Rates(Limits(token_cost_per_minute=60_000, company_cost_per_minute=0), clock)
    buckets.take(ANN, 99_000)
    with pytest.raises(RateExceeded) as caught:
        buckets.take(ANN, 0)
    assert caught.value.retry_after == 41  # -40,000 to 1,000, at 1,000 a second


def test_what_is_refused_counts_a_fixed_cost_for_token_and_company() -> None:
    """Of 120,000 each refusal takes 50,000, whether or not there is as much: after three there are 30,000 too few.

    At 2,000 a second the least operation, of 1,000, is let in after 15.5 seconds. The company of 240,000 has 90,000.
    """
    clock = Clock()
    buckets = Rates(Limits(token_cost_per_minute=120_000, company_cost_per_minute=240_000), clock)
    for _ in range(3):
        buckets.require(ANN)
        buckets.take_refused(ANN)
    with pytest.raises(RateExceeded) as caught:
        buckets.require(ANN)
    assert (caught.value.limit, caught.value.retry_after) == ("token_cost_per_minute", 16)
    with pytest.raises(RateExceeded) as caught:
        buckets.take(BOB, 90_000)  # and 1,000 besides
    assert caught.value.limit == "company_cost_per_minute"
    buckets.take(BOB, 89_000)
    clock.now = 15.5
    buckets.require(ANN)


def test_whoever_has_nothing_left_takes_nothing_by_asking() -> None:
    """To find out whether there is enough is free, and what the rate refuses is taken from nobody."""
    clock = Clock()
    buckets = Rates(Limits(token_cost_per_minute=60_000, company_cost_per_minute=60_000), clock)
    buckets.take_refused(ANN)
    buckets.take(ANN, 9_000)
    for _ in range(100):
        with pytest.raises(RateExceeded):
            buckets.require(ANN)
    clock.now = 1.0
    buckets.require(BOB)


def test_without_a_rate_everything_goes() -> None:
    """0 stands for no limit."""
    buckets = Rates(Limits(token_cost_per_minute=0, company_cost_per_minute=0), Clock())
    for _ in range(3):
        buckets.require(ANN)
        buckets.take(ANN, 10**12)
        buckets.take_refused(ANN)


def test_the_buckets_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five tokens the three that asked last are remembered."""
    monkeypatch.setattr(rates, "MOST_BUCKETS", 3)
    buckets = Rates(Limits(token_cost_per_minute=2_000, company_cost_per_minute=0), Clock())
    tokens = [Identity(1, f"t{number}", Role.MEMBER, number) for number in range(5)]
    for token in tokens:
        buckets.take(token, 1_000)
    with pytest.raises(RateExceeded):
        buckets.take(tokens[2], 1_000)
    buckets.take(tokens[0], 1_000)
