"""How near a name is to another, measured by rapidfuzz: a slip in the name of an input is answered in no time.

graphql-core compares a name that it does not know with all that it could be, a thousand types for one, and each takes
it 50 µs where names are long and alike. That is 50 ms, on anybody's behalf, in which nobody else is served. The library
that is used for such distances does the same in C: the number of edits, swaps of neighbours included, without regard to
capitals (https://rapidfuzz.github.io/RapidFuzz/Usage/distance/OSA.html).
"""

from __future__ import annotations

import sys
from typing import Final

import graphql
from rapidfuzz.distance import OSA

# The package has a function of the same name, so that the module is not to be had as an attribute of it.
_SUGGESTING: Final = sys.modules[f"{graphql.__name__}.pyutils.suggestion_list"]


class Nearness(_SUGGESTING.LexicalDistance):  # type: ignore[name-defined, misc]  # a module by its name has no types
    """graphql-core's measure, which gives the same distances."""

    def __init__(self, name: str) -> None:  # the table of the original is not wanted
        self._name, self._small = name, name.lower()

    def measure(self, option: str, threshold: int) -> int | None:
        """How many edits lead from the name to this one; None where there are more than the threshold."""
        if option == self._name:
            return 0
        small = option.lower()
        if small == self._small:
            return 1
        found = OSA.distance(self._small, small, score_cutoff=threshold)
        return found if found <= threshold else None


def measure_quickly() -> None:
    """Have graphql-core measure so, in this process."""
    _SUGGESTING.LexicalDistance = Nearness  # type: ignore[attr-defined]
