"""Fields that nobody is answered with anything but null or an empty list, each with the reason: nothing can leak there.

The test of what is reached compares the list exactly, both ways: a field that answers with something leaves it.
"""

from __future__ import annotations

from typing import Final

_INSTALLED: Final = "it tells of plugins that the installation leaves out: of no company, and here none is left out"
_TRUSTED: Final = (
    "plugins run within the tests' own process, where they are trusted and have no breaker that could open"
)

NOTHING_THERE: Final = {
    "Plugin": dict.fromkeys(("graphLeftOut", "reason"), _INSTALLED),
    "PolicyHealth": dict.fromkeys(("lastFailure", "until"), _TRUSTED),
}
"""By type and field: why."""
