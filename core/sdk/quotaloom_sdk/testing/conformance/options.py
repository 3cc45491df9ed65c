"""How thoroughly the conformance kit looks."""

from __future__ import annotations

from dataclasses import dataclass, fields

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a plugin is checked; all must be more than 0, `ValueError` otherwise.

    `seconds`: what one call may take. `examples`: how many requests each policy is asked. `budget`: seconds after
    which a policy is asked no more, however few the requests were. `memory`: megabytes that the plugin may have in a
    process of its own (kept on Linux).
    """

    seconds: float = 1.0
    examples: int = 100
    budget: float = 10.0
    memory: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            if given <= 0:
                raise ValueError(f"{field.name} must be more than 0, not {given}")
