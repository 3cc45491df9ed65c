"""Fields of a request's head that come more than once: a list in several fields, or what no two readers agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quotaloom_server.outside_tokens import COMPANY

ONCE: Final = frozenset(
    (b"host", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"origin", COMPANY.encode())
)
"""Fields that may come once: what is read of them decides who it is, what is done, and where a request ends."""

LISTS: Final = {b"accept": b", ", b"accept-encoding": b", ", b"cookie": b"; "}
"""Lists that may come in several fields (RFC 9110, 5.3), and how they are made one."""


def joined(fields: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The fields, each list in one."""
    lists = {name: LISTS[name].join(value for other, value in fields if other == name) for name in LISTS}
    found, seen = list[tuple[bytes, bytes]](), set[bytes]()
    for name, value in fields:
        if name not in seen:
            found.append((name, lists.get(name, value)))
        elif name not in LISTS:
            found.append((name, value))
        seen.add(name)
    return found
