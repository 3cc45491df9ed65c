"""How the application tells the front that it knows whose a WebSocket is: an extension of its ASGI scope."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

GREETED: Final = "quotaloom.greeted"
"""What the extension is called; it is to be called without arguments, and may be missing."""


def tell_greeted(scope: MutableMapping[str, Any]) -> None:
    """Say that the client of this WebSocket has said whose it is, and was let in."""
    greeted = scope.get("extensions", {}).get(GREETED)
    if greeted is not None:
        greeted()
