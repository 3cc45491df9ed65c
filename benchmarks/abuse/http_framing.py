"""Requests that are broken as such: their first lines, lengths, chunks and heads."""

from __future__ import annotations

from typing import Final

from benchmarks.abuse.http_requests import BODY, JSON, chunked, get, head, lasting, post
from benchmarks.abuse.sending import GOOD, Abuse

_LINES: Final = {
    "no version": b"GET /\r\nHost: a\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: a\r\n\r\n",
    "no method": b"/graphql HTTP/1.1\r\nHost: a\r\n\r\n",
    "nothing but spaces": b"     \r\n\r\n",
    "a tab": b"GET\t/alive\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "a space before it": b" GET /alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space after it": b"GET /alive HTTP/1.1 \r\nHost: a\r\n\r\n",
    "a method in lower case": b"get /alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method that is none": b"FETCH /alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method of 5,000 letters": b"G" * 5_000 + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method with a NUL": b"GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target with a NUL": b"GET /\0alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target with a control byte": b"GET /\x07 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target with bytes beyond ASCII": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target without a slash": b"GET alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target that ends the line": b"GET /\nalive HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /alive HTTP/0.9\r\nHost: a\r\n\r\n",
    "HTTP/1.2": b"GET /alive HTTP/1.2\r\nHost: a\r\n\r\n",
    "HTTP/2.0": b"GET /alive HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/9.9": b"GET /alive HTTP/9.9\r\nHost: a\r\n\r\n",
    "HTTP/11.1": b"GET /alive HTTP/11.1\r\nHost: a\r\n\r\n",
    "HTTP/1": b"GET /alive HTTP/1\r\nHost: a\r\n\r\n",
    "HTTP/-1.1": b"GET /alive HTTP/-1.1\r\nHost: a\r\n\r\n",
    "a protocol in lower case": b"GET /alive http/1.1\r\nHost: a\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the hello of TLS": bytes.fromhex("16030100c8010000c40303") + bytes(range(200)),
    "the hello of SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a start of PostgreSQL": bytes.fromhex("0000000804d2162f"),
    "a command of Redis": b"*1\r\n$4\r\nPING\r\n",
    "a greeting of SMTP": b"EHLO example.com\r\n",
    "JSON and nothing else": b'{"query":"{__typename}"}\r\n\r\n',
    "a response": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "bytes without sense": bytes((n * 89 + 7) % 256 for n in range(2_000)),
    "NULs": b"\0" * 1_000,
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    "CONNECT to a path": b"CONNECT /graphql HTTP/1.1\r\nHost: a\r\n\r\n",
    "a query of a browser's of 300,000 letters": b"GET /?" + b"a" * 300_000,
}

REQUEST_LINES: Final = (
    *(Abuse(name, sent, (431,) if "300,000" in name else (400,)) for name, sent in _LINES.items()),
    Abuse("empty lines before it", b"\r\n\r\n\r\n" + GOOD, (200,), ends=False),
    Abuse("HTTP/1.0 without a host", b"GET /alive HTTP/1.0\r\n\r\n", (200,)),
    Abuse("two spaces", b"GET  /graphql HTTP/1.1\r\nHost: a\r\n\r\n", (400,), ends=False),
    Abuse("another protocol", b"GET /alive RTSP/1.0\r\nHost: a\r\n\r\n", (200,)),
    Abuse("an absolute target", get("http://other.example/alive"), (200,), ends=False),
    Abuse("an absolute target of another kind", get("gopher://other.example/alive"), (200,), ends=False),
    Abuse("an absolute target without a path", get("http://other.example"), (400,)),
    Abuse("a target of two slashes", get("//alive"), (404,), ends=False),
    Abuse("a target that climbs", get("/../../etc/passwd"), (404,), ends=False),
    Abuse("a target that climbs in disguise", get("/%2e%2e/%2e%2e/etc/passwd"), (404,), ends=False),
    Abuse("a target with an encoded NUL", get("/alive%00"), (404,), ends=False),
    Abuse("a target with broken encoding", get("/%zz%"), (404,), ends=False),
    Abuse("a target with encoded line ends", get("/a%0d%0aSet-Cookie:%20a=b"), (404,), ends=False),
    Abuse("a target with encoded UTF-8 that is broken", get("/%ff%fe"), (404,), ends=False),
    Abuse("a fragment", get("/alive#/graphql"), (200,), ends=False),
    Abuse("an asterisk", get("*", method="OPTIONS"), (404,), ends=False),
)


def _coding(*fields: str, body: bytes = b"18\r\n" + BODY + b"\r\n0\r\n\r\n") -> bytes:
    return head(JSON, *fields) + body


_LENGTHS: Final = {
    "a length below nothing": lasting("-1"),
    "a length with a sign": lasting("+24"),
    "a length in hexadecimal": lasting("0x18"),
    "a length that is none": lasting("many"),
    "a length with a fraction": lasting("24.0"),
    "a length with an exponent": lasting("2e1"),
    "a length in words apart": lasting("2 4"),
    "an empty length": lasting(""),
    "a length of 40 digits": lasting("9" * 40),
    "a length beyond 64 bits": lasting("18446744073709551640"),
    "two lengths": lasting("24\r\nContent-Length: 24"),
    "two lengths that differ": lasting("24\r\nContent-Length: 5"),
    "two lengths in one field": lasting("24, 24"),
    "two lengths in one field that differ": lasting("24, 5"),
    "digits of another script": lasting("\xb2\xb4"),
    "a length and chunks": _coding("Content-Length: 24", "Transfer-Encoding: chunked"),
    "chunks and a length": _coding("Transfer-Encoding: chunked", "Content-Length: 5"),
    "a length of nothing and chunks": _coding("Content-Length: 0", "Transfer-Encoding: chunked"),
    "chunks, and then as they are": _coding("Transfer-Encoding: chunked, identity"),
    "chunks twice": _coding("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "chunks by another name": _coding("Transfer-Encoding: xchunked"),
    "chunks with a tab in them": _coding("Transfer-Encoding: chun\tked"),
    "chunks in quotes": _coding('Transfer-Encoding: "chunked"'),
    "gzip in chunks": _coding("Transfer-Encoding: gzip, chunked"),
    "gzip and chunks apart": _coding("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"),
    "as it is, in chunks": _coding("Transfer-Encoding: identity, chunked"),
    "a coding that nobody knows": _coding("Transfer-Encoding: rot13"),
    "an empty coding": _coding("Transfer-Encoding:"),
    "a space before the colon": _coding("Transfer-Encoding : chunked"),
    "a folded field": _coding("Transfer-Encoding:\r\n chunked"),
    "a length after a folded line": head(JSON, "X: a\r\n Content-Length: 5") + BODY,
    "a length behind a bare CR": head(JSON, "X: a\rContent-Length: 5"),
    "a length behind a NUL": head(JSON, "X: a\0Content-Length: 5"),
    "a field that ends with LF alone": b"POST /graphql HTTP/1.1\nHost: a\nContent-Length: 24\n\n" + BODY,
}

LENGTHS: Final = (
    *(Abuse(name, sent) for name, sent in _LENGTHS.items()),
    Abuse("more than a body may have", lasting("20000000"), (413,)),
    Abuse("more than a body may have, sent", lasting("12000000", b" " * 12_000_000), (413,)),
    Abuse(
        "more than a body may have, by an admin",
        head(JSON, "Authorization: Bearer <TOKEN>", "Content-Length: 9000000") + b" " * 9_000_000,
        (413,),
    ),
    Abuse("a length of nothing", lasting("0", b""), (400,), ends=False),
    Abuse("no length and no body", head(JSON), (400,), ends=False),
    Abuse("a length with leading zeros", lasting("00000024"), (200,), ends=False),
    Abuse("a body with GET", head("Content-Length: 24", method="GET", target="/alive") + BODY, (200,), ends=False),
    Abuse("a request in a body", post(GOOD, JSON), (400,), ends=False),
    Abuse("a length that is too short", lasting("5"), (400, 400)),
    Abuse("HTTP/1.0 with chunks", head("Transfer-Encoding: chunked", version="HTTP/1.0") + b"0\r\n\r\n", (415,)),
)

_CHUNKS: Final = {
    "a size that is none": b"zz\r\n" + BODY,
    "a size below nothing": b"-18\r\n" + BODY,
    "a size in 0x": b"0x18\r\n" + BODY + b"\r\n0\r\n\r\n",
    "an empty size": b"\r\n" + BODY,
    "a size beyond 64 bits": b"10000000000000018\r\n" + BODY,
    "a size of 5,000 digits": b"0" * 5_000 + b"g\r\n",
    "a size with a space before it": b" 18\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size that ends with LF alone": b"18\n" + BODY + b"\n0\n\n",
    "a size with a bare CR": b"18\r" + BODY + b"\r0\r\r",
    "a chunk that is longer than it says": b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk without an end": b"18\r\n" + BODY + b"0\r\n\r\n",
    "a NUL in an extension": b"18;a=\0\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a line end in an extension": b"18;a=b\n\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a trailer that is none": b"18\r\n" + BODY + b"\r\n0\r\n\0\0\0\r\n\r\n",
}

CHUNKS: Final = (
    *(Abuse(name, chunked(sent)) for name, sent in _CHUNKS.items()),
    Abuse("a chunk of nothing", chunked(b"0\r\n\r\n"), (400,), ends=False),
    Abuse(
        "chunks of one byte",
        chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"),
        (200,),
        ends=False,
    ),
    Abuse(
        "19,000 chunks of one byte",
        chunked(b"1\r\n \r\n" * 19_000 + b"18\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (200,),
        ends=False,
    ),
    Abuse("200,000 chunks of one byte", chunked(b"1\r\n \r\n" * 200_000 + b"18\r\n" + BODY), (413,)),
    Abuse("a chunk that is extended by 12 MB", chunked(b"18;" + b"a" * 12_000_000), (413,)),
    Abuse("an extension", chunked(b"18;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"), (200,), ends=False),
    Abuse("trailers", chunked(b"18\r\n" + BODY + b"\r\n0\r\nX: a\r\n\r\n"), (200,), ends=False),
    Abuse(
        "a trailer that would let somebody in",
        head(JSON, "Transfer-Encoding: chunked", target="/graphql")
        + b'1d\r\n{"query":"{company{key}}"}   \r\n0\r\nAuthorization: Bearer <TOKEN>\r\n\r\n',
        (200,),
        ends=False,
    ),
    Abuse("5,000 trailers", chunked(b"18\r\n" + BODY + b"\r\n0\r\n" + b"X: a\r\n" * 5_000 + b"\r\n"), (431,)),
    Abuse("a long trailer", chunked(b"18\r\n" + BODY + b"\r\n0\r\nX: " + b"a" * 50_000 + b"\r\n\r\n"), (431,)),
    Abuse(
        "chunks of more than a body may have",
        chunked((b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 12 + b"0\r\n\r\n"),
        (413,),
    ),
    Abuse("a chunk that says it has all there is", chunked(b"fffffffffff\r\n" + b" " * 11_000_000), (413,)),
)

_FIELDS: Final = {
    "no host": b"GET /alive HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /alive HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no colon": head("Nonsense", method="GET"),
    "no name": head(": a", method="GET"),
    "a space in a name": head("A B: c", method="GET"),
    "a NUL in a name": head("A\0: c", method="GET"),
    "a NUL in a value": head("A: b\0c", method="GET"),
    "a name beyond ASCII": head("\xc4: c", method="GET"),
    "a name in brackets": head("[A]: c", method="GET"),
    "a line end in a name": head("A\n: c", method="GET"),
    "a bare CR in a value": head("A: b\rc", method="GET"),
    "a bell in a value": head("A: b\x07c", method="GET"),
    "a DEL in a value": head("A: b\x7fc", method="GET"),
    "a folded value": head("A: b\r\n c", method="GET"),
    "a first line that is folded": b"GET /alive HTTP/1.1\r\n Host: a\r\n\r\n",
}

_TOO_LARGE: Final = {
    "101 fields": head(*(f"A{n}: b" for n in range(101)), method="GET"),
    "20,000 fields": head(*(f"A{n}: b" for n in range(20_000)), method="GET"),
    "50,000 empty fields": head(*("A:" for _ in range(50_000)), method="GET"),
    "a value of 40,000 letters": head("A: " + "b" * 40_000, method="GET"),
    "a value of 2 million letters": head("A: " + "b" * 2_000_000, method="GET"),
    "a value without an end": head("A: ")[:-4] + b"b" * 400_000,
    "a name of 40,000 letters": head("A" * 40_000 + ": b", method="GET"),
    "a name without an end": head()[:-2] + b"A" * 400_000,
    "40,000 letters of a target": get("/alive?" + "a" * 40_000),
    "fields of 40,000 letters together": head(*("A: " + "b" * 1_000 for _ in range(40)), method="GET"),
    "a cookie of 40,000 letters": get("/sign-in", "Cookie: " + "a=b; " * 8_000),
    "a token of 40,000 letters": post(BODY, JSON, "Authorization: Bearer " + "a" * 40_000),
}

HEADS: Final = (
    *(Abuse(name, sent) for name, sent in _FIELDS.items()),
    *(Abuse(name, sent, (431,)) for name, sent in _TOO_LARGE.items()),
    Abuse("an empty host", b"GET /alive HTTP/1.1\r\nHost:\r\n\r\n", (200,), ends=False),
    Abuse("a value beyond ASCII", get("/alive", "A: \xff\xfe"), (200,), ends=False),
    Abuse("99 fields", get("/alive", *(f"A{n}: b" for n in range(99))), (200,), ends=False),
    Abuse("a token of 20,000 letters", post(BODY, JSON, "Authorization: Bearer " + "a" * 20_000), (200,), ends=False),
    Abuse("a token beyond ASCII", post(BODY, JSON, "Authorization: Bearer \xff\xfe.\xff.\xff"), (200,), ends=False),
    Abuse("a token of dots", post(BODY, JSON, "Authorization: Bearer " + "." * 500), (200,), ends=False),
    Abuse("an empty token", post(BODY, JSON, "Authorization: Bearer "), (200,), ends=False),
    Abuse("a key that is none", post(BODY, JSON, "Authorization: Bearer ql_" + "\xff" * 40), (200,), ends=False),
    Abuse("two tokens", post(BODY, JSON, "Authorization: Bearer a", "Authorization: Bearer b")),
    Abuse("Basic", post(BODY, JSON, "Authorization: Basic YTpi"), (200,), ends=False),
    Abuse("an Accept of 5,000 kinds", post(BODY, JSON, "Accept: " + "a/b," * 5_000), (200,), ends=False),
    Abuse("an Accept beyond ASCII", post(BODY, JSON, "Accept: \xff/\xff;q=\xff"), (200,), ends=False),
    Abuse("an Accept with endless weights", post(BODY, JSON, "Accept: a/b;q=1e999999, */*;q=nan"), (200,), ends=False),
    Abuse(
        "an Accept-Encoding of nonsense", post(BODY, JSON, "Accept-Encoding: gzip;q=\xff,,,;;=,"), (200,), ends=False
    ),
    Abuse("an Origin that is none", post(BODY, JSON, "Origin: \xff://\0"[:-1]), (200,), ends=False),
    Abuse(
        "a key of a request that is too long", post(BODY, JSON, "Idempotency-Key: " + "a" * 5_000), (200,), ends=False
    ),
    Abuse("a range", get("/alive", "Range: bytes=0-18446744073709551615"), (200,), ends=False),
    Abuse("cookies of nonsense", get("/sign-in", 'Cookie: ===;;;a="\xff";b'), (401,), ends=False),
    Abuse(
        "a session that is none",
        post(b"", "Cookie: quotaloom_session=\xff\xff", target="/sign-in/token"),
        (403,),
        ends=False,
    ),
)
