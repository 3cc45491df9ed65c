"""How the application sends a long message over a WebSocket: in frames, of which each is written in a turn of its own.

As one text it would be joined, encoded, framed and copied at a stretch. It is an extension of the ASGI scope of the
front, since ASGI knows whole messages alone.
"""

from __future__ import annotations

from typing import Final

from starlette.websockets import WebSocket

from quotaloom_server.pieces import Pieces

FRAMED: Final = "quotaloom.framed"
"""What the extension is called; it is given the pieces of a text in UTF-8, and may be missing."""


async def send_text(socket: WebSocket, pieces: Pieces) -> None:
    """Send the text whose pieces these are; waits while the client takes nothing.

    Raises `WebSocketDisconnect`, `RuntimeError` or `OSError` where the connection is closed.
    """
    send = socket.scope.get("extensions", {}).get(FRAMED) if len(pieces) > 1 else None
    if send is None:
        await socket.send_text(b"".join(pieces).decode())
    else:
        await send(pieces)
