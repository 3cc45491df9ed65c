"""Which compression a client is sent."""

from __future__ import annotations

import pytest

from quotaloom_server.compression import encoding_for


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;Q=0.5 , zstd ; q=0.4", "gzip"),
        ("zstd;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=0", None),
        ("*", "zstd"),
        ("*;q=0.2, zstd;q=0", "gzip"),
        ("*;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("br, deflate", None),
        ("gzip;q=much", None),
        (",;=,,", None),
    ],
)
def test_the_client_says_what_it_takes(accepted: str | None, sent: str | None) -> None:
    """Weights decide, 0 refuses, `*` stands for the rest, and zstd comes first among equals (RFC 9110, 12.5.3)."""
    assert encoding_for(accepted) == sent
