"""What came with a request for the graph, before anything is made of it: the fields of its head, and its body."""

from __future__ import annotations

from collections.abc import Mapping

from cross_web import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from quotaloom_server.events import NO_RESERVATIONS


def fields_of(scope: Scope) -> dict[str, str]:
    """The fields of the head; of those that come twice the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


async def body_of(scope: Scope, receive: Receive, fields: Mapping[str, str]) -> bytes | None:
    """What was sent with POST, None for a GET request; raises `HTTPException` where no operation can come so."""
    match scope["method"]:
        case "POST":
            if not _is_json(fields.get("content-type", "")):
                raise HTTPException(415, "send the operation as JSON, with `Content-Type: application/json`")
            return await _read(receive)
        case "GET":
            return None
        case "PUT" | "DELETE":
            raise HTTPException(405, NO_RESERVATIONS)
        case _:
            raise HTTPException(405, "operations are sent with POST, queries also with GET")


async def _read(receive: Receive) -> bytes:
    """The whole body; raises `ClientDisconnect` where its sender hangs up before."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    media_type, _, _ = content_type.partition(";")
    return media_type.strip().lower() == "application/json"
