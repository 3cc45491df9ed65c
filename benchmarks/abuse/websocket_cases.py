"""Abuses of WebSockets, in groups: what is sent, what is heard, and the code that closes the connection.

Connections end without a code in these cases alone, as RFC 6455 lets them: the client hangs up or resets, or his
handshake is refused with a status of HTTP.
"""

from __future__ import annotations

import json
from typing import Any, Final

from benchmarks.abuse.websocket_sending import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    SocketAbuse,
    closing,
    frame,
    handshake,
    message,
)
from benchmarks.hostility import BOMBS, DEPTHS, FLOODS

INIT: Final = message(type="connection_init")
ACK: Final = {"connection_ack": 1}
END: Final = closing(1000)
WATCH: Final = "subscription { notificationAdded { unread } }"


def subscribe(query: Any = WATCH, number: Any = "1", **more: Any) -> bytes:
    """A message that subscribes."""
    return message(id=number, type="subscribe", payload={"query": query, **more})


_HANDSHAKES: Final = {
    "by POST": (handshake(method="POST"), 400),
    "by DELETE": (handshake(method="DELETE"), 400),
    "with a body": (handshake("Content-Length: 5") + b"hello", 400),
    "with chunks": (handshake("Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "without a key": (handshake("Sec-WebSocket-Key:"), 400),
    "with a key that is none": (handshake("Sec-WebSocket-Key: !!!"), 400),
    "with a short key": (handshake("Sec-WebSocket-Key: AAAA"), 400),
    "with two keys": (handshake("Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Key: BBBB"), 400),
    "without a version": (handshake("Sec-WebSocket-Version:"), 400),
    "of version 8": (handshake("Sec-WebSocket-Version: 8"), 400),
    "of a version that is none": (handshake("Sec-WebSocket-Version: x"), 400),
    "to a path that is not there": (handshake(target="/nowhere"), 403),
    "to a path that is no WebSocket": (handshake(target="/alive"), 403),
    "with 200 fields": (handshake(*(f"A{n}: b" for n in range(200))), 431),
    "with a field of 10,000 letters": (handshake("A: " + "b" * 10_000), 400),
    "with a field of 40,000 letters": (handshake("A: " + "b" * 40_000), 431),
    "with a NUL": (handshake("A: b\0"), 400),
    "without a host": (handshake("Host:"), 400),
    "without a protocol": (handshake(protocol=""), 4406),
    "with a protocol that nobody knows": (handshake(protocol="chat"), 4406),
    "with the old protocol": (handshake(protocol="graphql-ws"), 4406),
    "with 1,000 protocols": (handshake(protocol=", ".join(f"p{n}" for n in range(1_000))), 4406),
}

HANDSHAKES: Final = (
    *(SocketAbuse(f"a handshake {name}", (END,), code, {}, begun) for name, (begun, code) in _HANDSHAKES.items()),
    SocketAbuse(
        "extensions of nonsense", (INIT,), 1000, ACK, handshake("Sec-WebSocket-Extensions: x; y=z, ,"), leaves=True
    ),
    SocketAbuse("an origin of nonsense", (INIT,), 1000, ACK, handshake("Origin: \xff"), leaves=True),
    SocketAbuse("frames with the handshake", (), 1000, ACK, handshake() + INIT, leaves=True),
    SocketAbuse("nonsense with the handshake", (), 1002, {}, handshake() + b"\xff" * 300),
)

_FRAMES: Final = {
    "without a mask": (frame(TEXT, b"{}", masked=False), 1002),
    "with the first reserved bit": (frame(TEXT, b"{}", reserved=4), 1002),
    "with the second reserved bit": (frame(TEXT, b"{}", reserved=2), 1002),
    "with the third reserved bit": (frame(PING, b"", reserved=1), 1002),
    "of the reserved kind 3": (frame(3, b"{}"), 1002),
    "of the reserved kind 7": (frame(7, b"{}"), 1002),
    "of the reserved kind 11": (frame(11), 1002),
    "of the reserved kind 15": (frame(15), 1002),
    "that goes on with nothing": (frame(0, b"{}"), 1002),
    "that begins within another": (frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), 1002),
    "that is a ping in pieces": (frame(PING, b"a", final=False), 1002),
    "that is a ping of 126 bytes": (frame(PING, b"a" * 126), 1002),
    "that is a close of 126 bytes": (frame(CLOSE, b"\x03\xe8" + b"a" * 124), 1002),
    "that says it has 2 MB": (frame(TEXT, b"{}", length=2_000_000), 1009),
    "that has 2 MB": (frame(TEXT, b" " * 2_000_000), 1009),
    "that says it has an exabyte": (frame(TEXT, b"{}", length=1 << 60), 1009),
    "that says it has more than there is": (frame(TEXT, b"{}", length=(1 << 64) - 1), 1009),
    "in pieces of 400 KB together": (
        frame(TEXT, b" " * 100_000, final=False) + frame(0, b" " * 100_000, final=False) * 3,
        1009,
    ),
    "in 300 pieces": (frame(TEXT, b"{", final=False) + frame(0, b" ", final=False) * 300, 1009),
    "in 50,000 pieces of nothing": (frame(TEXT, b"", final=False) + frame(0, b"", final=False) * 50_000, 1008),
    "of bytes": (frame(BINARY, b"{}"), 4400),
    "of no bytes": (frame(BINARY), 4400),
    "of nothing": (frame(TEXT), 4400),
    "of broken UTF-8": (frame(TEXT, b'{"type":"\xff"}'), 1007),
    "of UTF-8 that is longer than need be": (frame(TEXT, b"\xc0\xaf"), 1007),
    "of half of a pair": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "of UTF-8 that is torn": (frame(TEXT, b"\xe2\x82", final=False) + frame(0, b"("), 1007),
    "that closes with half a code": (frame(CLOSE, b"\x03"), 1002),
    "that closes with a reason of broken UTF-8": (closing(1000, b"\xff\xfe"), 1007),
    **{
        f"that closes with {code}": (closing(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)
    },
    "that closes with 3000": (closing(3000), 3000),
    "that closes with 4999": (closing(4999, b"bye"), 4999),
    "that closes without a code": (frame(CLOSE), 0),
    "after the end": (END + frame(TEXT, b"{}") * 100 + b"\xff" * 100, 1000),
    "that answers no ping": (frame(PONG, b"a" * 125) * 400 + END, 1000),
}

FRAMES: Final = (
    *(SocketAbuse(f"a frame {name}", (sent,), code) for name, (sent, code) in _FRAMES.items()),
    SocketAbuse("20,000 pings", (frame(PING) * 20_000,), 1008),
    SocketAbuse("20,000 messages that are none", (frame(TEXT, b"{}") * 20_000,), 1008),
    SocketAbuse("bytes without sense", (bytes((n * 89 + 7) % 256 for n in range(5_000)),), 1002),
    SocketAbuse("a request", (b"POST /graphql HTTP/1.1\r\nHost: a\r\n\r\n",), 1002),
)

_TEXTS: Final = {
    "a bracket": b"{",
    "10,000 brackets": b"[" * 10_000,
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "text": b'"connection_init"',
    "NaN": b'{"type":NaN}',
    "a NUL": b"\0",
    "a message of no type": b'{"id":"1"}',
    "a type that is a number": b'{"type":1}',
    "a type that is null": b'{"type":null}',
    "a type that nobody knows": b'{"type":"hack"}',
    "a type of the server's": b'{"type":"connection_ack"}',
    "a result of the client's": b'{"type":"next","id":"1","payload":{}}',
    "the start of the old protocol": b'{"type":"start","id":"1","payload":{}}',
    "a type of 10,000 letters": b'{"type":"' + b"a" * 10_000 + b'"}',
}

_PAYLOADS: Final = {
    "a list": [],
    "text": "a",
    "a number": 1,
}

_TOKENS: Final = {
    "that is a number": 1,
    "that is a list": ["Bearer a"],
    "that is nothing": "",
    "that is none": "Bearer a.b.c",
    "of another kind": "Basic YTpi",
    "of 10,000 letters": "Bearer " + "a" * 10_000,
    "with a NUL": "Bearer \0",
    "that is no key": "Bearer ql_" + "a" * 40,
    "beyond ASCII": "Bearer ä.ö.ü",
}

GREETINGS: Final = (
    *(SocketAbuse(f"it says {name}", (frame(TEXT, said),)) for name, said in _TEXTS.items()),
    *(
        SocketAbuse(f"what comes with its greeting is {name}", (message(type="connection_init", payload=payload),))
        for name, payload in _PAYLOADS.items()
    ),
    *(
        SocketAbuse(
            f"a token {name}",
            (message(type="connection_init", payload={"Authorization": token}),),
            4403,
            begun=handshake("Authorization:"),
        )
        for name, token in _TOKENS.items()
    ),
    SocketAbuse("no token", (INIT,), 4403, begun=handshake("Authorization:")),
    SocketAbuse("two greetings", (INIT + INIT,), 4429, ACK),
    SocketAbuse("400 greetings", (INIT * 400,), 4429, ACK),
    SocketAbuse("a subscription before the greeting", (subscribe(),), 4401),
    SocketAbuse("a bomb before the greeting", (subscribe(BOMBS[0].document),), 4401),
    SocketAbuse(
        "10,000 names with its greeting",
        (message(type="connection_init", payload={f"a{n}": n for n in range(10_000)}),),
        1009,
    ),
    SocketAbuse("87,000 lists before the greeting", (message(type="ping", payload=[[]] * 87_000),), 1009),
    SocketAbuse("a greeting with null", (message(type="connection_init", payload=None),), 1000, ACK, leaves=True),
    SocketAbuse(
        "1,000 names with its greeting",
        (message(type="connection_init", payload={f"a{n}": n for n in range(1_000)}),),
        1000,
        ACK,
        leaves=True,
    ),
)

_BROKEN: Final = {
    "no id": message(type="subscribe", payload={"query": WATCH}),
    "an id that is a number": subscribe(number=1),
    "an id that is null": subscribe(number=None),
    "an id that is a list": subscribe(number=[]),
    "no payload": message(type="subscribe", id="1"),
    "a payload that is text": message(type="subscribe", id="1", payload="a"),
    "no query": message(type="subscribe", id="1", payload={}),
    "a query that is null": subscribe(None),
    "a query that is a list": subscribe([WATCH]),
    "variables that are a list": subscribe(variables=[]),
    "variables that are text": subscribe(variables="a"),
    "a name that is a number": subscribe(operationName=1),
    "an end of nothing": message(type="complete"),
    "an end of a number": message(type="complete", id=1),
}

_REFUSED: Final = {
    "nothing": "",
    "a comment": "# nothing",
    "a document that cannot be read": "subscription {",
    "one of two": "subscription A { __typename } subscription B { __typename }",
    "a query": "{ __typename }",
    "a mutation": "mutation { __typename }",
    "a field that is not there": "subscription { nothing { a } }",
    "two fields": "subscription { a: notificationAdded { unread } b: notificationAdded { unread } }",
    "introspection": "subscription { __schema { types { name } } }",
}

_HOSTILE: Final = {
    one.name: one.document
    for one in (*BOMBS, *FLOODS, *DEPTHS)
    if one.document and str(one.code).startswith(("TOO_", "FRAG"))
}

_TEN_HOSTILE: Final = tuple(_HOSTILE.values())[:10]

SUBSCRIPTIONS: Final = (
    *(SocketAbuse(f"a subscription with {name}", (INIT + sent,), 4400, ACK) for name, sent in _BROKEN.items()),
    *(
        SocketAbuse(f"a subscription to {name}", (INIT + subscribe(query),), 1000, {**ACK, "error": 1}, leaves=True)
        for name, query in _REFUSED.items()
    ),
    *(
        SocketAbuse(f"a subscription to: {name}", (INIT + subscribe(query),), 1000, {**ACK, "error": 1}, leaves=True)
        for name, query in _HOSTILE.items()
    ),
    SocketAbuse(
        "a subscription to a document of 200,000 letters",
        (INIT, 0.2, subscribe("subscription { " + "#" * 200_000 + "\nnotificationAdded { unread } }")),
        1000,
        {**ACK, "error": 1},
        leaves=True,
    ),
    SocketAbuse(
        "a subscription to 200,000 letters before the greeting is answered",
        (INIT + subscribe("{ a }", "a" * 200_000),),
        1009,
    ),
    SocketAbuse("100,000 brackets", (INIT, 0.2, frame(TEXT, b"[" * 100_000)), 4400, ACK),
    SocketAbuse(
        "ten hostile documents at once",
        (INIT + b"".join(subscribe(query, f"{n}") for n, query in enumerate(_TEN_HOSTILE)),),
        1000,
        {**ACK, "error": 10},
        leaves=True,
    ),
    SocketAbuse(
        "an operation that is not there",
        (INIT + subscribe(operationName="Nobody"),),
        1000,
        {**ACK, "error": 1},
        leaves=True,
    ),
    SocketAbuse(
        "variables within each other",
        (
            INIT
            + frame(
                TEXT,
                b'{"type":"subscribe","id":"1","payload":{"query":'
                + json.dumps(WATCH).encode()
                + b',"variables":{"a":'
                + b"[" * 400
                + b"]" * 400
                + b"}}}",
            ),
        ),
        1000,
        {**ACK, "error": 1},
        leaves=True,
    ),
    SocketAbuse("one id twice", (INIT + subscribe() + subscribe(),), 4409, ACK),
    SocketAbuse(
        "450 ids",
        (INIT + b"".join(subscribe(number=f"{n}") for n in range(450)),),
        1000,
        {**ACK, "error": 400, "next": 50},
        leaves=True,
    ),
    SocketAbuse(
        "an id of 200,000 letters",
        (INIT, 0.2, subscribe("{ a }", "a" * 200_000)),
        1000,
        {**ACK, "error": 1},
        leaves=True,
    ),
    SocketAbuse(
        "ends of 400 ids that are not there",
        (INIT + b"".join(message(type="complete", id=f"{n}") for n in range(400)) + INIT,),
        4429,
        ACK,
    ),
    SocketAbuse(
        "200 subscriptions that end at once",
        (INIT + (subscribe() + message(type="complete", id="1")) * 200 + INIT,),
        4429,
        ACK,
    ),
    SocketAbuse("10,000 pings of the protocol", (INIT + message(type="ping") * 10_000,), 1008, None),
    SocketAbuse("10,000 pongs of the protocol", (INIT + message(type="pong", payload={"a": []}) * 10_000,), 1008, None),
    SocketAbuse("pings before the greeting", (message(type="ping") * 100,), 1000, {"pong": 100}, leaves=True),
)

HANG_UPS: Final = tuple(
    SocketAbuse(f"gone {name}", sent, begun=begun, hangs_up=True)
    for name, begun, sent in (
        ("within the handshake", handshake()[:-20], ()),
        ("with the handshake", handshake(), ()),
        ("within a frame", handshake(), (0.05, frame(TEXT, b"{", length=100))),
        ("within a message", handshake(), (0.05, frame(TEXT, b"{", final=False))),
        ("with the greeting", handshake(), (0.05, INIT)),
        ("with a subscription", handshake(), (0.05, INIT + subscribe())),
        ("with 40 subscriptions", handshake(), (0.05, INIT + b"".join(subscribe(number=f"{n}") for n in range(40)))),
        ("with 5,000 pings", handshake(), (0.05, INIT + message(type="ping") * 5_000)),
    )
)

SLOW: Final = (
    SocketAbuse("no greeting", (), 4408),
    SocketAbuse("half of a greeting", (INIT[:10],), 4408),
    SocketAbuse("a greeting in pieces without an end", (frame(TEXT, b"{", final=False),), 4408),
    SocketAbuse("pings without a greeting", tuple(x for _ in range(30) for x in (frame(PING), 0.1)), 4408),
)
"""For a server that gives a request two seconds to arrive."""

GROUPS: Final = {
    "handshakes": HANDSHAKES,
    "frames": FRAMES,
    "greetings": GREETINGS,
    "subscriptions": SUBSCRIPTIONS,
    "hang-ups": HANG_UPS,
}
"""All that is over within a second."""
