"""Connections that are abused: many requests at once, other protocols, clients that leave, and slow ones."""

from __future__ import annotations

from typing import Final

from benchmarks.abuse.http_requests import BODY, JSON, chunked, get, head, lasting, post
from benchmarks.abuse.sending import GOOD, Abuse

_UPGRADE: Final = "Connection: Upgrade"

_LARGE_COOKIE: Final = get("/alive", "Cookie: " + "a" * 20_000)

CONNECTIONS: Final = (
    Abuse("20 requests at once", GOOD * 20, (200,) * 20, ends=False),
    Abuse("51 requests and one more at once", GOOD * 52, (200,) * 51 + (429,)),
    Abuse("5,000 requests at once", get("/alive") * 5_000, (200,) * 51 + (429,)),
    Abuse("a good request, and then none", GOOD + b"\0\0\0\r\n\r\n", (200, 400)),
    Abuse("three good requests, and then none", GOOD * 3 + b"GET\r\n\r\n", (200, 200, 200, 400)),
    Abuse("a good request, and then a head that is too large", GOOD + get("/" + "a" * 40_000), (200, 431)),
    Abuse("a good request, and then a bad chunk", GOOD + chunked(b"zz\r\n"), (200, 400)),
    Abuse("requests after the last", get("/alive", "Connection: close") + GOOD * 3, (200,)),
    Abuse("an upgrade to nonsense", get("/alive", _UPGRADE, "Upgrade: nonsense"), (200,), ends=False),
    Abuse("an upgrade to HTTP/2", post(BODY, JSON, f"{_UPGRADE}, HTTP2-Settings", "Upgrade: h2c"), (200,), ends=False),
    Abuse(
        "an upgrade to TLS, and then that",
        get("/alive", _UPGRADE, "Upgrade: TLS/1.0") + b"\x16\x03\x01" * 99,
        (200, 400),
    ),
    Abuse("an upgrade to nothing", get("/alive", _UPGRADE, "Upgrade:"), (200,), ends=False),
    Abuse("an upgrade without a connection", get("/alive", "Upgrade: websocket"), (200,), ends=False),
    Abuse(
        "an upgrade of HTTP/1.0",
        head(_UPGRADE, "Upgrade: h2c", method="GET", target="/alive", version="HTTP/1.0"),
        (200,),
    ),
    Abuse(
        "a WebSocket before the answer to a request",
        GOOD
        + get(
            "/graphql",
            _UPGRADE,
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ),
        (200, 400),
    ),
    Abuse(
        "a large cookie in many pieces",
        tuple(x for n in range(0, 22_000, 2_000) for x in (_LARGE_COOKIE[n : n + 2_000], 0.02)),
        (200,),
        ends=False,
    ),
    Abuse("an upgrade and requests", get("/alive", _UPGRADE, "Upgrade: x") + GOOD * 3, (200,) * 4, ends=False),
    Abuse("an expectation", (head(JSON, "Expect: 100-continue", "Content-Length: 24"), BODY), (100, 200), ends=False),
    Abuse("an expectation of nonsense", post(BODY, JSON, "Expect: 200-ok"), (200,), ends=False),
    Abuse("an expectation of too much", head(JSON, "Expect: 100-continue", "Content-Length: 99999999"), (413,)),
    Abuse("an expectation and a bad chunk", chunked(b"zz\r\n", "Expect: 100-continue"), (400,)),
    Abuse("a connection of nonsense", get("/alive", "Connection: \xff,,,"), (200,), ends=False),
    Abuse(
        "keep-alive of HTTP/1.0",
        head("Connection: keep-alive", method="GET", target="/alive", version="HTTP/1.0"),
        (200,),
    ),
)

HANG_UPS: Final = (
    *(
        Abuse(f"gone {name}", sent, hangs_up=True)
        for name, sent in (
            ("before a word", b""),
            ("within the first word", b"POS"),
            ("within the head", head(JSON)[:-10]),
            ("before the body", head(JSON, "Content-Length: 24")),
            ("within the body", lasting("24", BODY[:10])),
            ("within a chunk", chunked(b"18\r\n" + BODY[:10])),
            ("before the last chunk", chunked(b"18\r\n" + BODY + b"\r\n")),
            ("before the answer", GOOD),
            ("before 50 answers", GOOD * 50),
            ("before a report", get("/reports/attainment.csv", "Authorization: Bearer <TOKEN>")),
            ("with an expectation", head(JSON, "Expect: 100-continue", "Content-Length: 24")),
            (
                "before a stream",
                post(
                    b'{"query":"subscription{notificationAdded{unread}}"}',
                    JSON,
                    "Accept: text/event-stream",
                    "Authorization: Bearer <TOKEN>",
                ),
            ),
        )
    ),
)

SLOW: Final = (
    Abuse("a head without an end", (head(JSON)[:-2], 1.0), (408,)),
    Abuse("a head by the letter", tuple(x for n in range(30) for x in (head(JSON)[n : n + 1], 0.2)), (408,)),
    Abuse("a body without an end", (lasting("24", BODY[:10]), 1.0), (408,)),
    Abuse("a body by the letter", (lasting("99", b""), *(x for _ in range(30) for x in (b" ", 0.2))), (408,)),
    Abuse("a chunk without an end", (chunked(b"18\r\n" + BODY[:10]), 1.0), (408,)),
    Abuse("extensions without an end", (chunked(b"18;"), *(x for _ in range(30) for x in (b"a" * 99, 0.2))), (408,)),
    Abuse("empty lines without an end", tuple(x for _ in range(30) for x in (b"\r\n", 0.2)), ()),
    Abuse("a good request, and then half of one", (GOOD + head(JSON)[:-2], 1.0), (200, 408)),
    Abuse(
        "an expectation, and then nothing", (head(JSON, "Expect: 100-continue", "Content-Length: 24"), 1.0), (100, 408)
    ),
)
"""For a server that gives a request two seconds to arrive."""
