"""Answers to HTTP/1.0, which knows no chunks: what tells no length ends where its connection does (RFC 9112, 6.3)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


def without_chunks(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """The application as it answers this request; uvicorn would send chunks where no length is told."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        tells_length = False

        async def send_plainly(message: Message) -> None:
            nonlocal tells_length
            if message["type"] == "http.response.start":
                tells_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
                if not tells_length:
                    cycle.chunked_encoding = False
            elif not tells_length:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_plainly)

    return answer
