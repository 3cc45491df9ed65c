"""Which of the installed plugins an installation allows, and which of them it trusts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from quotaloom_sdk.policies import is_key

NOBODY = "none"
"""The word that allows no plugin but those that ship with the product."""

_TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class AllowList:
    """What an operator allows. Plugins that ship with the product are always allowed and trusted.

    `everybody`: whatever is installed may run, in worker processes. `named`: the plugins that may run, by name, and
    whether each is trusted, which lets it run in the server and add to the graph.
    """

    everybody: bool = True
    named: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    def allows(self, plugin: str) -> bool:
        """Whether the plugin of that name may be used."""
        return self.everybody or plugin in self.named

    def trusts(self, plugin: str) -> bool:
        """Whether it may run in the server."""
        return self.named.get(plugin, False)


def parse_allow_list(text: str) -> AllowList:
    """`acme_rules, beta_rules:trusted` as a list; `none` for no plugin at all.

    `*` stands for whatever is installed: `*, beta_rules:trusted`. Raises `ValueError`.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if NOBODY in parts:
        if parts != [NOBODY]:
            raise ValueError(f"{NOBODY!r} stands alone")
        return AllowList(everybody=False)
    named: dict[str, bool] = {}
    for part in parts:
        name, colon, word = (piece.strip() for piece in part.partition(":"))
        if part == "*":
            continue
        if not is_key(name) or (colon and word != _TRUSTED):
            raise ValueError(f"{part!r} is no plugin: write its name, and {name or 'name'}:{_TRUSTED} to trust it")
        named[name] = bool(colon)
    return AllowList(everybody="*" in parts, named=MappingProxyType(named))
