"""Where a plugin is: what its entry point says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from quotaloom_sdk.hooks import ENTRY_POINT_GROUP

_VALUE = re.compile(r"[\w.]+(:[\w.]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """The plugin called `name`, which is the module or object `value`: `acme_rules`, `acme.plugin:rules`."""

    name: str
    value: str

    def load(self) -> object:
        """Import it. Raises whatever its import raises."""
        loaded: object = EntryPoint(self.name, self.value, ENTRY_POINT_GROUP).load()
        return loaded


def parse_source(text: str) -> Source:
    """What stands in an entry point, `acme = acme_rules`; a bare `acme_rules` is called by its last part.

    Raises `ValueError`.
    """
    name, equals, value = (part.strip() for part in text.rpartition("="))
    if not _VALUE.fullmatch(value) or bool(equals) != bool(name):
        raise ValueError(f"{text!r} names no plugin; write it as in an entry point, such as 'acme = acme_rules'")
    return Source(name or re.split("[.:]", value)[-1], value)
