"""Requests of HTTP, written out as they are sent."""

from __future__ import annotations

from typing import Final

BODY: Final = b'{"query":"{__typename}"}'
JSON: Final = "Content-Type: application/json"


def head(*fields: str, method: str = "POST", target: str = "/graphql", version: str = "HTTP/1.1") -> bytes:
    """The head of a request with a host."""
    return "\r\n".join([f"{method} {target} {version}", "Host: a", *fields, "", ""]).encode("latin-1")


def post(body: bytes, *fields: str, target: str = "/graphql") -> bytes:
    """A request with a body that says how long it is."""
    return head(*fields, f"Content-Length: {len(body)}", target=target) + body


def get(target: str, *fields: str, method: str = "GET") -> bytes:
    """A request without a body."""
    return head(*fields, method=method, target=target)


def chunked(body: bytes, *fields: str) -> bytes:
    """A request whose body comes in these chunks."""
    return head(JSON, "Transfer-Encoding: chunked", *fields) + body


def lasting(value: str, body: bytes = BODY) -> bytes:
    """A request that says this of the length of its body."""
    return head(JSON, f"Content-Length: {value}") + body
