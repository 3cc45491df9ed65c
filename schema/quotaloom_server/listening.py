"""The address to serve on, taken before anything else happens."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from quotaloom.platform.errors import InputError

BACKLOG = 2048


@contextmanager
def taken(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets bound to every address of `host`; nobody is answered until `listen`.

    Raises `InputError` ADDRESS_UNUSABLE where the port is busy or the address is not this machine's.
    """
    with ExitStack() as stack:
        sockets = []
        for family, address in _addresses(host, port):
            # asyncio lets answers go at once only where the protocol is named; uvloop always does
            one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with _told_of(host, port):
                one.bind(address)
            sockets.append(one)
        yield sockets


def listen(sockets: list[socket.socket], host: str, port: int) -> None:
    """Let clients in; raises `InputError` ADDRESS_UNUSABLE where another process was faster."""
    for one in sockets:
        with _told_of(host, port):
            one.listen(BACKLOG)


def address_shown(host: str, port: int) -> str:
    """The address as a browser on this machine takes it."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise _unusable(
            f"There is no host {host!r}. Give --host (or QUOTALOOM_HOST) an address of this machine: "
            "127.0.0.1 for this machine alone, 0.0.0.0 for everyone who can reach it."
        ) from None
    unique = dict.fromkeys((family, address) for family, _, _, _, address in found)
    return list(unique)  # type: ignore[arg-type] # addresses of IP families, which SOCK_STREAM on a host gives


@contextmanager
def _told_of(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(_reason(error, host, port)) from None


def _reason(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} of {host} is busy: another program (perhaps another Quotaloom) serves there. "
                f"End it, or choose another port: quotaloom serve --port {port % 65535 + 1}"
            )
        case errno.EACCES:
            return (
                f"Port {port} needs more rights than this user has; choose one from 1024: quotaloom serve --port 8000"
            )
        case errno.EADDRNOTAVAIL:
            return f"This machine has no address {host}. Give --host (or QUOTALOOM_HOST) one that it has, or 0.0.0.0."
        case number:
            return f"{host} port {port} cannot be served: {os.strerror(number) if number else error}."


def _unusable(message: str) -> InputError:
    return InputError("ADDRESS_UNUSABLE", message)
