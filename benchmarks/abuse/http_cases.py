"""Malformed and hostile HTTP, in groups: what is sent, and the statuses that it is answered with.

A connection ends without an answer in these cases alone, as HTTP lets it: the client hangs up or resets; he sends no
byte of a request within his time; or he has had the answers to all that he asked. Whatever can be told to be a broken
request, or is no more than a part of one when its time is over, is answered before the connection ends.
"""

from __future__ import annotations

from typing import Final

from benchmarks.abuse.http_connections import CONNECTIONS, HANG_UPS, SLOW
from benchmarks.abuse.http_contents import BODIES, QUERIES, ROUTES
from benchmarks.abuse.http_framing import CHUNKS, HEADS, LENGTHS, REQUEST_LINES

__all__ = ["GROUPS", "SLOW"]

GROUPS: Final = {
    "request lines": REQUEST_LINES,
    "lengths": LENGTHS,
    "chunks": CHUNKS,
    "heads": HEADS,
    "routes": ROUTES,
    "bodies": BODIES,
    "queries": QUERIES,
    "connections": CONNECTIONS,
    "hang-ups": HANG_UPS,
}
"""All that is over at once."""
