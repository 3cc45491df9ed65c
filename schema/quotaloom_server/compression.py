"""Compression as the client asks for it, never on the loop for longer than a moment."""

from __future__ import annotations

import asyncio
import sys
import zlib
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEAST: Final = 1_400
"""Bytes from which on it pays: what is shorter goes out in one packet anyway."""

_AT_ONCE: Final = 2**15
"""Bytes that are compressed at once; for more a thread is worth its way, and the loop goes on meanwhile."""

_GZIP: Final = 16 + zlib.MAX_WBITS
"""Has zlib write gzip's frame."""

_LEVEL: Final = 1
"""Both save time rather than the last tenth of the bytes."""


def encoding_for(accepted: str | None) -> str | None:
    """`zstd` or `gzip`, as an Accept-Encoding header prefers it, or None for as it is.

    See RFC 9110, 12.5.3: a weight of 0 refuses, `*` stands for what is not named, and among equals it is our choice.
    """
    if not accepted:
        return None
    weights = dict(map(_weighed, accepted.lower().split(",")))
    others = weights.get("*", 0.0)
    best = max(("zstd", "gzip"), key=lambda one: weights.get(one, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    key, _, value = parameters.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0


class Compression:
    """One answer, compressed as one stream while its pieces come."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._stream = zstd.ZstdCompressor(_LEVEL) if encoding == "zstd" else zlib.compressobj(_LEVEL, wbits=_GZIP)

    async def add(self, piece: bytes | bytearray) -> bytes:
        """Take some more; gives what is ready, which may be nothing."""
        if len(piece) <= _AT_ONCE:
            return self._stream.compress(piece)
        return await asyncio.to_thread(self._stream.compress, piece)

    def end(self) -> bytes:
        """The rest; nothing can be added any more."""
        return self._stream.flush()
