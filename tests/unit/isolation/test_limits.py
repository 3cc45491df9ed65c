"""What a worker may have."""

from __future__ import annotations

import pytest

from quotaloom.policies.isolation.limits import WorkerLimits, scrubbed


def test_only_a_few_variables_of_the_server_reach_a_worker() -> None:
    """Paths, language and time zone do; settings, secrets and switches of Python do not."""
    environment = {
        "PATH": "/bin",
        "TZ": "UTC",
        "HOME": "/home/q",
        "QUOTALOOM_DATABASE_URL": "postgresql://secret",
        "PYTHONSTARTUP": "x.py",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    worker = scrubbed(environment)
    assert {name: worker[name] for name in worker if name in environment} == {"PATH": "/bin", "TZ": "UTC"}
    assert worker["PYTHONHASHSEED"] == "0"


def test_a_limit_of_nothing_is_refused() -> None:
    """The message names it."""
    with pytest.raises(ValueError, match="queue of a worker must be more than 0, not 0"):
        WorkerLimits(queue=0)
