"""What a worker may try against the server: nothing of the plugin gets into it, and the caller is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.isolation.errors import PolicyCrashed
from tests.integration.isolation.conftest import Bench

# The server breaks the connection off; whether the worker has noticed by then, and ended with EPIPE (32), is chance.
BROKEN = {"its worker's connection broke", "its worker exited with code 32"}


@pytest.mark.parametrize(
    ("policy", "kind", "reasons"),
    [
        ("cannot_be_told", PolicyFailed, {"an error that cannot be shown"}),
        ("leaves_when_told", PolicyFailed, {"it raised Leaving: an error that cannot be shown"}),
        ("writes_a_pickle", PolicyCrashed, BROKEN),
        ("writes_much", PolicyCrashed, BROKEN),
        ("answers_twice", PolicyCrashed, BROKEN),
    ],
)
async def test_what_a_worker_sends_is_never_unpickled_blindly(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    policy: str,
    kind: type[PolicyFailed],
    reasons: set[str],
) -> None:
    """The server could import the plugin and does not; the next call is answered."""
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(PolicyFailed) as caught:
        await bench.ask(f"hostile.{policy}")
    assert type(caught.value) is kind
    assert (caught.value.plugin, caught.value.policy) == ("hostile", f"hostile.{policy}")
    assert caught.value.reason in reasons
    assert (await bench.ask("hostile.is_good")).children == (3, 4)
    assert "hostile_rules" not in sys.modules


async def test_what_an_error_says_can_be_shown_and_is_short(bench: Bench) -> None:
    """A lone surrogate, the character NUL and a million letters: the first two are replaced, the rest is cut."""
    with pytest.raises(PolicyFailed) as caught:
        await bench.ask("hostile.says_too_much")
    assert caught.value.reason == ("it raised ValueError: \ufffd \ufffd" + "x" * 2000)[:2000]
    caught.value.__notes__[0].encode()
