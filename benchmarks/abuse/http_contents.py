"""Requests that are sound, and ask for what is not there, or in ways that make no sense."""

from __future__ import annotations

import gzip
import json
from typing import Final

from benchmarks.abuse.http_requests import BODY, JSON, chunked, get, post
from benchmarks.abuse.sending import Abuse

ROUTES: Final = (
    *(
        Abuse(f"{method} /graphql", get("/graphql", method=method), (405,), ends=False)
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD", "OPTIONS", "PURGE", "M-SEARCH")
    ),
    *(
        Abuse(f"POST {target}", post(BODY, JSON, target=target), (status,), ends=False)
        for target, status in (
            ("/alive", 405),
            ("/health", 405),
            ("/", 405),
            ("/reports/attainment.csv", 405),
            ("/plans/1/template.csv", 405),
            ("/sign-in", 405),
            ("/sign-in/token", 403),
            ("/sign-in/end", 403),
            ("/sign-in/development", 403),
            ("/nowhere", 404),
        )
    ),
    *(
        Abuse(f"GET {name}", get(target), (status,), ends=False)
        for name, target, status in (
            ("a report without a token", "/reports/attainment.csv", 401),
            ("a report that is none", "/reports/nothing.csv", 404),
            ("a statement without a token", "/statements/x/statement.csv", 401),
            ("a template without a token", "/plans/x/template.xlsx", 401),
            ("/sign-in/token", "/sign-in/token", 405),
            ("/sign-in with 200 places to go", "/sign-in?" + "return_to=//a&" * 200, 400),
            ("/sign-in with a NUL", "/sign-in?return_to=%00&company=%00", 400),
            ("/graphql/ with a slash more", "/graphql/", 404),
            ("/favicon.ico", "/favicon.ico", 404),
            ("/.env", "/.env", 404),
            ("/wp-login.php", "/wp-login.php", 404),
        )
    ),
    *(
        Abuse(f"GET {name}, by an admin", get(target, "Authorization: Bearer <TOKEN>"), (status,), ends=False)
        for name, target, status in (
            ("a report with a NUL", "/reports/attainment.csv?period=%00&orgUnitId=%00", 400),
            ("a report of 1,000 periods", "/reports/attainment.csv?" + "period=2026&" * 1_000, 200),
            ("a report of 1,900 digits", "/reports/attainment.csv?period=" + "9" * 1_900, 400),
            ("a report of broken UTF-8", "/reports/attainment.csv?period=%ff%fe", 400),
            ("a report of a day that is none", "/reports/attainment.csv?period=2026-02-31", 400),
            ("a statement that is none", "/statements/%00/statement.csv", 404),
            ("a statement of broken UTF-8", "/statements/%ff/statement.csv", 404),
            ("a statement of 1,900 letters", f"/statements/{'A' * 1_900}/statement.xlsx", 404),
            ("a run that is none", "/incentive-runs/x/statements.csv", 404),
            ("a template of a number", "/plans/99999999999999999999999/template.csv", 404),
            ("a template with a NUL", "/plans/%00/template.csv?months=%00", 404),
        )
    ),
    Abuse(
        "a form of 20,000 bytes",
        post(
            b"a=b&" * 5_000,
            "Content-Type: application/x-www-form-urlencoded",
            "Origin: http://a.example",
            target="/sign-in/development",
        ),
        (400,),
        ends=False,
    ),
    Abuse(
        "a form with a NUL",
        post(b"member=%00&return_to=%00", "Origin: http://a.example", target="/sign-in/development"),
        (400,),
        ends=False,
    ),
    Abuse(
        "preflight of nonsense",
        get("/graphql", "Origin: x", "Access-Control-Request-Method: \xff", method="OPTIONS"),
        (400,),
        ends=False,
    ),
)

_ADMIN: Final = "Authorization: Bearer <TOKEN>"

_FORM: Final = b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + BODY + b"\r\n--x--\r\n"

_TYPES: Final = {
    "no type": [],
    "an empty type": ["Content-Type:"],
    "a type that is none": ["Content-Type: nonsense"],
    "plain text": ["Content-Type: text/plain"],
    "GraphQL itself": ["Content-Type: application/graphql"],
    "a form": ["Content-Type: application/x-www-form-urlencoded"],
    "XML": ["Content-Type: application/xml"],
    "a type beyond ASCII": ["Content-Type: \xff/\xff"],
    "nearly JSON": ["Content-Type: application/jsonp"],
    "a type of 20,000 letters": ["Content-Type: " + "a" * 20_000],
    "parts without a boundary": ["Content-Type: multipart/form-data"],
    "parts with an endless boundary": ["Content-Type: multipart/form-data; boundary=" + "x" * 5_000],
}

_CONTENTS: Final = {
    "gzip": gzip.compress(BODY, mtime=0),
    "a bomb of gzip": gzip.compress(b" " * 10_000_000, mtime=0),
    "half of it": BODY[:10],
    "JSON and more": BODY + b"}",
    "two of them": BODY + BODY,
    "a BOM": b"\xef\xbb\xbf" + BODY,
    "UTF-32": BODY.decode().encode("utf-32"),
    "latin-1": '{"query":"{__typename} # ä"}'.encode("latin-1"),
    "NULs": b"\0" * 1_000,
    "spaces": b" " * 100_000,
    "a bracket, a million times": b"[" * 1_000_000,
    "an object, 200,000 times": b'{"a":' * 200_000,
    "a number of a million digits": b'{"query":' + b"9" * 1_000_000 + b"}",
    "NaN": b'{"query":NaN}',
    "a comment": b'{/* */"query":"{__typename}"}',
    "single quotes": b"{'query':'{__typename}'}",
    "a list": b"[" + BODY + b"]",
    "text": b'"{__typename}"',
    "true": b"true",
    "a query that is a number": b'{"query":1}',
    "a query that is a list": b'{"query":["{__typename}"]}',
    "a name that is an object": b'{"query":"{__typename}","operationName":{}}',
    "extensions that are text": b'{"query":"{__typename}","extensions":"a"}',
    "an id that is a number": b'{"documentId":1}',
    "a hash that is an object": b'{"extensions":{"persistedQuery":{"sha256Hash":{}}}}',
    "100,000 names": json.dumps({f"a{n}": n for n in range(100_000)}).encode(),
    "100,000 names apart": json.dumps({f"a{n}": n for n in range(100_000)}, separators=(",", " \t:")).encode(),
    "500,000 names of nothing": b"{" + b'"":1,' * 500_000 + b'"":1}',
    "130,000 brackets": b"[" + b"[]," * 64_000 + b"[]]",
}

_LETTERS: Final = b"a" * 4_000_000

_LONG: Final = {
    "a query of 4 million letters": (_LETTERS, 200),
    "a query of 4 million commas": (b"," * 4_000_000, 400),
    "a query of 4 million colons": (b":" * 4_000_000, 200),
    "a query of 2 million line ends": (b"\\n" * 2_000_000, 200),
}

BODIES: Final = (
    *(Abuse(name, post(BODY, *fields), (415,), ends=False) for name, fields in _TYPES.items()),
    Abuse("parts", post(_FORM, "Content-Type: multipart/form-data; boundary=x"), (415,), ends=False),
    *(Abuse(f"{name} by an admin", post(sent, JSON, _ADMIN), (400,), ends=False) for name, sent in _CONTENTS.items()),
    *(
        Abuse(f"{name} by a stranger", post(sent, JSON), (400,), ends=False)
        for name, sent in _CONTENTS.items()
        if len(sent) < 131_072
    ),
    *(
        Abuse(f"{name} by a stranger", post(sent, JSON), (413,))
        for name, sent in _CONTENTS.items()
        if len(sent) > 131_072
    ),
    Abuse(
        "1 MB by a stranger with a token of his own", post(b" " * 1_000_000, JSON, "Authorization: Bearer a"), (413,)
    ),
    *(
        Abuse(f"a body {name}", post(BODY, JSON, *fields), (status,), ends=False)
        for name, fields, status in (
            ("that is said to be gzip", ["Content-Encoding: gzip"], 415),
            ("that is said to be gzip of itself", ["Content-Encoding: identity, GZip"], 415),
            ("that is said to be gzip, and then itself", ["Content-Encoding: gzip", "Content-Encoding: identity"], 415),
            ("of nonsense", ["Content-Encoding: \xff"], 415),
            ("that is itself", ["Content-Encoding: Identity"], 200),
            ("that is nothing else", ["Content-Encoding:"], 200),
        )
    ),
    Abuse("gzip that says so", post(_CONTENTS["gzip"], JSON, "Content-Encoding: gzip"), (415,), ends=False),
    Abuse(
        "gzip in chunks that says so", chunked(b"3\r\nabc\r\n0\r\n\r\n", "Content-Encoding: gzip"), (415,), ends=False
    ),
    Abuse("a charset that is not there", post(BODY, f"{JSON}; charset=klingon"), (200,), ends=False),
    Abuse("a charset of nonsense", post(BODY, f"{JSON}; charset=\xff;;;="), (200,), ends=False),
    Abuse("two types", post(BODY, JSON, "Content-Type: text/plain")),
    *(
        Abuse(f"{name} by an admin", post(b'{"query":"' + text + b'"}', JSON, _ADMIN), (status,), ends=False)
        for name, (text, status) in _LONG.items()
    ),
    Abuse("a query of 4 million letters by a stranger", post(b'{"query":"' + _LETTERS + b'"}', JSON), (413,)),
    Abuse(
        "a text of 4 million letters by an admin",
        post(b'{"query":"{__typename}","variables":{"a":"' + _LETTERS + b'"}}', JSON, _ADMIN),
        (200,),
        ends=False,
    ),
    Abuse(
        "a million values by an admin",
        post(b'{"query":"{__typename}","variables":{"a":[' + b"1," * 1_000_000 + b"1]}}", JSON, _ADMIN),
        (400,),
        ends=False,
    ),
    Abuse("events of a query", post(BODY, JSON, "Accept: text/event-stream"), (200,), ends=False),
    Abuse(
        "events for a stranger",
        post(b'{"query":"subscription{notificationAdded{unread}}"}', JSON, "Accept: text/event-stream"),
        (401,),
        ends=False,
    ),
    Abuse(
        "events of nonsense for an admin",
        post(
            b'{"query":"subscription{nothing(a:\\"\\u0000\\")}"}',
            JSON,
            "Accept: text/event-stream",
            "Authorization: Bearer <TOKEN>",
        ),
        (200,),
        ends=False,
    ),
    Abuse(
        "a subscription without events",
        post(b'{"query":"subscription{notificationAdded{unread}}"}', JSON),
        (400,),
        ends=False,
    ),
)

_QUERIES: Final = {
    "no query": ("?a=b", 400),
    "an empty query": ("?query=", 400),
    "a NUL": ("?query=%00", 200),
    "broken UTF-8": ("?query=%ff%fe%c0%af", 200),
    "broken encoding": ("?query=%7B__typename%7D%zz%", 200),
    "half of a pair": ("?query=%ed%a0%80", 200),
    "two queries": ("?query=%7B__typename%7D&query=%7Ba%7D", 200),
    "5,000 parameters": ("?query=%7B__typename%7D" + "&a=b" * 5_000, 200),
    "30,000 signs": ("?query=%7B__typename%7D" + "&" * 30_000, 200),
    "nothing but signs of equality": ("?" + "=" * 5_000, 400),
    "variables that are none": ("?query=%7B__typename%7D&variables=%7B", 400),
    "variables that are a list": ("?query=%7B__typename%7D&variables=[]", 400),
    "variables within each other": ("?query=%7B__typename%7D&variables=" + "[" * 9_000, 400),
    "extensions that are none": ("?query=%7B__typename%7D&extensions=x", 400),
    "a mutation": ("?query=mutation%7B__typename%7D", 405),
    "a subscription": ("?query=subscription%7BnotificationAdded%7Bunread%7D%7D", 400),
    "an id of nothing": ("?documentId=%00", 200),
    "a question mark after another": ("??query=%7B__typename%7D", 400),
    "plus signs": ("?query=" + "+" * 20_000 + "%7B__typename%7D", 200),
}

QUERIES: Final = tuple(
    Abuse(f"GET with {name}", get(f"/graphql{query}", "Accept: application/json"), (status,), ends=False)
    for name, (query, status) in _QUERIES.items()
)
