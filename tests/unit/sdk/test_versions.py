from __future__ import annotations

import pytest

from quotaloom_sdk import API_VERSION
from quotaloom_sdk.versions import speaks


@pytest.mark.parametrize(
    ("needed", "offered", "usable"),
    [
        ("1.0", "1.0", True),
        ("1.0", "1.4", True),
        ("1.4", "1.4", True),
        ("1.5", "1.4", False),
        ("2.0", "1.4", False),
        ("1.4", "2.0", False),
        ("1.10", "1.9", False),
        ("1.9", "1.10", True),
    ],
)
def test_plugin_runs_on_its_own_major_from_its_minor_on(needed: str, offered: str, usable: bool) -> None:
    """A host offers everything that earlier minors of its major had, and nothing else."""
    assert speaks(needed, offered) is usable


@pytest.mark.parametrize("garbled", ["", "1", "1.0.0", "v1.0", "1.x", "01.0", "-1.0", " 1.0"])
def test_garbled_version_is_refused(garbled: str) -> None:
    """Anything but MAJOR.MINOR is refused, with an example."""
    with pytest.raises(ValueError, match=r"write MAJOR\.MINOR, such as '1\.0'"):
        speaks(garbled)


def test_this_sdk_speaks_its_own_version() -> None:
    """A plugin written for this very SDK is usable with it."""
    assert speaks(API_VERSION)
