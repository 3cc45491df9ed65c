"""Requests of two kilobytes or less that are meant to do harm, and what becomes of each.

Each is sent by an admin to a company's graph in the development profile, within the usual limits. `code` is that of the
error which refuses it; None where it is answered, since it does no harm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

LARGEST: Final = 2_048
"""Bytes that a hostile document may have: anybody can make a long one."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request: a document, with variables if there are any, or a body that is no request at all."""

    name: str
    code: str | None
    document: str | None = None
    variables: dict[str, Any] | None = None
    body: bytes = b""
    status: int = 200

    @property
    def sent(self) -> bytes:
        """The body of the request."""
        if self.document is None:
            return self.body
        return json.dumps({"query": self.document, "variables": self.variables}, ensure_ascii=False).encode()


def _bomb(levels: int, spreads: int, on: str = "Query", last: str = "__typename") -> str:
    """Fragments that each spread the next one several times."""
    many = "".join(f"fragment F{n} on {on}{{{f'...F{n + 1} ' * spreads}}}" for n in range(levels))
    return f"{many}fragment F{levels} on {on}{{{last}}}"


def _within(levels: int, spreads: int, aliased: bool = True) -> str:
    """Fragments that each ask for the next one in several lists within each other."""
    names = [f"{chr(97 + n)}:" if n and aliased else "" for n in range(spreads)]
    many = "".join(
        f"fragment F{n} on OrgUnit{{{' '.join(f'{name}children{{...F{n + 1}}}' for name in names)}}}"
        for n in range(levels)
    )
    return f"{{company{{root{{...F0}}}}}}{many}fragment F{levels} on OrgUnit{{name}}"


def _copies(copies: int, levels: int) -> str:
    """The same list so often on each of so many levels."""
    return f"children{{{_copies(copies, levels - 1)}}}" * copies if levels else "name"


def _short(count: int) -> list[str]:
    """So many short names, none of them twice."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [a + b for a in letters for b in letters][:count]


def _list(depth: int) -> Any:
    return [_list(depth - 1)] if depth else []


def _object(depth: int) -> Any:
    return {"a": _object(depth - 1)} if depth else {}


def _unit(selection: str) -> str:
    return f"{{company{{root{{{selection}}}}}}}"


NODE: Final = "query($i:ID!){node(id:$i){id}}"
PAGE: Final = "query($n:Int!){orgUnits(first:$n){totalCount}}"
TYPED: Final = '{"query":"{__typename}"}'

BOMBS: Final = (
    Hostile("30 fragments, each spread twice", "TOO_BROAD", "{...F0}" + _bomb(30, 2)),
    Hostile("18 fragments, each spread twice", "TOO_BROAD", "{...F0}" + _bomb(18, 2)),
    Hostile("24 fragments, each spread four times", "TOO_BROAD", "{...F0}" + _bomb(24, 4)),
    Hostile("a bomb of aliases", "TOO_BROAD", "{...F0}" + _bomb(30, 2, last="a:__typename")),
    Hostile("a bomb of directives", "TOO_BROAD", "{...F0 @skip(if:false)}" + _bomb(30, 2)),
    Hostile("a bomb that nobody spreads", "TOO_BROAD", "{__typename}" + _bomb(30, 2)),
    Hostile("30 levels of fragments within each other", "TOO_DEEP", _within(24, 2)),
    Hostile("15 levels of two lists each", "TOO_MANY_FIELDS", _within(15, 2)),
    Hostile("a fragment that spreads itself", "FRAGMENT_CYCLE", "{...A}fragment A on Query{__typename ...A}"),
    Hostile("40 fragments around a circle", "FRAGMENT_CYCLE", "{...F0}" + _bomb(40, 1, last="...F0")),
    Hostile("a circle within lists", "FRAGMENT_CYCLE", _unit("...A") + "fragment A on OrgUnit{children{...A}}"),
    Hostile(
        "a circle of introspection",
        "FRAGMENT_CYCLE",
        "{__schema{types{...A}}}fragment A on __Type{ofType{...A}}",
    ),
    Hostile("60 fragments that are not used", "BAD_REQUEST", "{__typename}" + _bomb(55, 0)),
    Hostile(
        "fragments of types that are not there",
        "TOO_MANY_MERGES",
        "{" + "".join(f"...on A{n}{{a}}" for n in range(120)) + "}",
    ),
)

_ALIASES: Final = " ".join(f"{name}:key" for name in _short(125))

FLOODS: Final = (
    Hostile("300 aliases of a name", "TOO_BROAD", "{" + " ".join(f"{name}:id" for name in _short(300)) + "}"),
    Hostile(
        "130 aliases twice",
        "TOO_MANY_ALIASES",
        f"{{a:company{{{_ALIASES}}}b:company{{{_ALIASES}}}}}",
    ),
    Hostile("250 times the same leaf", "TOO_BROAD", "{" + "id " * 600 + "}"),
    Hostile("120 directives on a field", "TOO_MANY_DIRECTIVES", "{__typename" + "@skip(if:false)" * 120 + "}"),
    Hostile("900 directives that are none", "TOO_MANY_DIRECTIVES", "{__typename" + "@a" * 900 + "}"),
    Hostile("directives on the operation", "TOO_MANY_DIRECTIVES", "query" + "@a" * 900 + "{__typename}"),
    Hostile("130 lists of the same name", "TOO_MANY_MERGES", _unit("children{name}" * 130)),
    Hostile("lists of the same name, 3 on 4 levels", "TOO_MANY_MERGES", _unit(_copies(3, 4))),
    Hostile("lists of the same name, 6 on 2 levels", "TOO_MANY_MERGES", _unit(_copies(7, 2) + _copies(7, 2))),
    Hostile(
        "the same name with other arguments",
        "TOO_MANY_MERGES",
        _unit(" ".join(f'a:attainment(period:"20{n}"){{rate}}' for n in range(10, 50))),
    ),
    Hostile("400 fields that are none", "TOO_BROAD", "{" + " ".join(_short(600)) + "}"),
    Hostile("200 fields that are none", "BAD_REQUEST", "{" + " ".join(_short(200)) + "}"),
    Hostile("170 variables", "TOO_MANY_ARGUMENTS", f"query({''.join(f'$a{n}:Int' for n in range(170))}){{__typename}}"),
    Hostile("100 operations", "BAD_REQUEST", "".join(f"query q{n}{{__typename}}" for n in range(90))),
    Hostile("100 operations of one name", "BAD_REQUEST", "query q{__typename}" * 100),
    Hostile("400 arguments of one name", "TOO_MANY_ARGUMENTS", "{node(" + "id:1 " * 400 + "){id}}"),
    Hostile("400 fields of one name in an object", "TOO_MANY_ARGUMENTS", "{node(id:{" + "a:1 " * 400 + "}){id}}"),
    Hostile("100 variables of one name", "BAD_REQUEST", "query(" + "$a:Int " * 100 + "){node(id:$a){id}}"),
    Hostile("100 arguments of one name", "BAD_REQUEST", "{node(" + "id:1 " * 100 + "){id}}"),
    Hostile("240 arguments of a directive", "TOO_MANY_ARGUMENTS", "{__typename@skip(" + "if:true " * 240 + ")}"),
    Hostile(
        "90 fields that an input has not",
        "BAD_REQUEST",
        "mutation{renameOrgUnit(input:{" + " ".join(f"{name}:1" for name in _short(90)) + "}){errors{code}}}",
    ),
    Hostile(
        "75 fragments on types that are not there",
        "BAD_REQUEST",
        "{...F0}" + "".join(f"fragment F{n} on Querx{{id}}" for n in range(75)),
    ),
    Hostile(
        "types that are nearly there",
        "BAD_REQUEST",
        "{" + " ".join(f"...on CreateOpportunitiesInput{n}{{id}}" for n in range(8)) + "}",
    ),
    Hostile(
        "mutations that are nearly there",
        "BAD_REQUEST",
        "mutation{" + " ".join(f"createOpportunitie{n}" for n in range(6)) + "}",
    ),
    Hostile("85 fragments of one name", "BAD_REQUEST", "{...F}" + "fragment F on Query{id}" * 85),
    Hostile("250 inline fragments side by side", "TOO_MANY_MERGES", "{" + "...{a}" * 250 + "}"),
    Hostile("55 brackets within each other", "BAD_REQUEST", "{...on A" * 55 + "{a}" + "}" * 55),
    Hostile("900 values of an enum", "BAD_REQUEST", "enum A{" + "B " * 900 + "}"),
    Hostile(
        "a long input", "TOO_MANY_ARGUMENTS", "mutation{renameOrgUnit(input:{" + 'name:"a" ' * 200 + "}){errors{code}}}"
    ),
    Hostile("a list of 600 items", "BAD_REQUEST", "{node(id:[" + "1 " * 600 + "]){id}}"),
    Hostile("950 comments", None, "#\n" * 950 + "{__typename}"),
    Hostile("1,001 comments", "TOO_MANY_COMMENTS", "#\n" * 1_001 + "{__typename}"),
    Hostile("1,900 commas", None, "{__typename" + "," * 1_900 + "}"),
    Hostile("a text of 1,900 letters", None, '{node(id:"' + "x" * 1_900 + '"){id}}'),
    Hostile("a name of 1,900 letters", "BAD_REQUEST", "{" + "x" * 1_900 + "}"),
    Hostile("a text full of quotes", None, '{node(id:"""' + '\\"""' * 400 + '"""){id}}'),
)


def _described(aliases: int, of: str) -> str:
    """The schema so often in one document."""
    told = "name fields{name description args{name description type{...T}}type{...T}}"
    many = " ".join(f"{name}:{of}{{...F}}" for name in _short(aliases))
    return f"{{{many}}}" + f"fragment F on __Type{{{told}}}fragment T on __Type{{name ofType{{name ofType{{name}}}}}}"


INTROSPECTION: Final = (
    Hostile(
        "40 times all types",
        "TOO_COSTLY",
        _described(40, "types").replace("{", "{__schema{", 1).replace("}f", "}}f", 1),
    ),
    Hostile("all types twice", "TOO_COSTLY", "{__schema{types{name}b:types{name}}}"),
    Hostile("the schema twice", "TOO_COSTLY", "{a:__schema{...S}b:__schema{...S}}fragment S on __Schema{types{name}}"),
    Hostile(
        "120 times all types by name",
        "TOO_COSTLY",
        "{__schema{" + " ".join(f"{n}:types{{name}}" for n in _short(120)) + "}}",
    ),
)

DEPTHS: Final = (
    Hostile("100 lists within each other", "TOO_NESTED", _unit("children{" * 100 + "name" + "}" * 100)),
    Hostile("660 selections within each other", "TOO_NESTED", "{a" * 660 + "}" * 660),
    Hostile("190 inline fragments within each other", "TOO_NESTED", "{...on A" * 180 + "{a}" + "}" * 180),
    Hostile("180 lists within each other as a value", "TOO_NESTED", "{node(id:" + "[" * 180 + "]" * 180 + "){id}}"),
    Hostile("900 lists within each other as a value", "TOO_NESTED", "{node(id:" + "[" * 900 + "]" * 900 + "){id}}"),
    Hostile("180 objects within each other", "TOO_NESTED", "{node(id:" + "{a:" * 180 + "1" + "}" * 180 + "){id}}"),
    Hostile("a type of 180 lists", "TOO_NESTED", "query($a:" + "[" * 180 + "Int" + "]" * 180 + "){node(id:$a){id}}"),
    Hostile(
        "pages of 500 in pages of 500",
        "TOO_COSTLY",
        "{orgUnits(first:500){nodes{opportunities(first:500){activities(first:500){nodes{id}}}}}}",
    ),
    Hostile("trees within trees", "TOO_COSTLY", _unit("descendants{" * 5 + "key" + "}" * 5)),
    Hostile(
        "a loop of introspection", "BAD_REQUEST", "{__schema{types{" + "fields{type{" * 6 + "name" + "}}" * 6 + "}}}"
    ),
    Hostile("80 types of types", "TOO_NESTED", "{__schema{types{" + "ofType{" * 80 + "name" + "}" * 80 + "}}}"),
    Hostile("900 lists in a variable", "VARIABLES_TOO_DEEP", NODE, {"i": _list(900)}),
    Hostile("300 objects in a variable", "VARIABLES_TOO_DEEP", NODE, {"i": _object(300)}),
    Hostile("900 items in a variable", "BAD_REQUEST", NODE, {"i": list(range(400))}),
    Hostile("1,900 lists of JSON", "BAD_REQUEST", body=b"[" * 1_900, status=400),
    Hostile("1,900 lists of JSON, closed", "BAD_REQUEST", body=b"[" * 1_000 + b"]" * 1_000, status=400),
)

NUMBERS: Final = (
    Hostile("1,900 digits for a page", "BAD_REQUEST", "{orgUnits(first:" + "9" * 1_900 + "){nodes{key}}}"),
    Hostile("1,900 digits for an id", None, "{node(id:" + "9" * 1_900 + "){id}}"),
    Hostile("1,900 digits for a text", "BAD_REQUEST", "{orgUnit(key:" + "9" * 1_900 + "){name}}"),
    Hostile("a negative page", "BAD_PAGE", "{orgUnits(first:-2147483648){nodes{key}}}"),
    Hostile("a page of 2 to the 31st", "BAD_REQUEST", "{orgUnits(first:2147483648){totalCount}}"),
    Hostile("a number beyond every float", "BAD_REQUEST", "{orgUnits(first:1e400){totalCount}}"),
    Hostile("a number with 1,900 zeros", "BAD_REQUEST", "{orgUnits(first:" + "0" * 1_900 + "){totalCount}}"),
    Hostile("2 to the 63rd in a variable", "BAD_REQUEST", PAGE, {"n": 2**63}),
    Hostile("300 digits in a variable", "BAD_REQUEST", PAGE, {"n": 10**300}),
    Hostile("1,900 digits in a variable", "BAD_REQUEST", PAGE, {"n": 10**1_800}, status=400),
    Hostile(
        "no number in a variable", "BAD_REQUEST", body=b'{"query":"{__typename}","variables":{"n":NaN}}', status=400
    ),
    Hostile(
        "an endless number in a variable",
        "BAD_REQUEST",
        body=b'{"query":"{__typename}","variables":{"n":1e999}}',
        status=400,
    ),
)

TEXTS: Final = (
    Hostile("broken UTF-8", "BAD_REQUEST", body=b'{"query":"{ \xff\xfe }"}', status=400),
    Hostile("UTF-8 that is longer than need be", "BAD_REQUEST", body=b'{"query":"{ \xc0\xaf }"}', status=400),
    Hostile("UTF-16", "BAD_REQUEST", body=TYPED.encode("utf-16"), status=400),
    Hostile(
        "half of a surrogate pair", "BAD_REQUEST", body=b'{"query":"{ node(id: \\"\\ud800\\") { id } }"}', status=400
    ),
    Hostile("half of a pair in GraphQL", "BAD_REQUEST", '{node(id:"\\ud800"){id}}'),
    Hostile("half of a pair in braces", "BAD_REQUEST", '{node(id:"\\u{d800}"){id}}'),
    Hostile("a character beyond Unicode", "BAD_REQUEST", '{node(id:"\\u{fffffffff}"){id}}'),
    Hostile("the character NUL in a key", "BAD_TEXT", '{orgUnit(key:"\\u0000"){name}}'),
    Hostile("a control character", "BAD_REQUEST", "{\x07company{key}}"),
    Hostile("letters that look like others", "BAD_REQUEST", "{\u0441ompany{key}}"),
    Hostile("a text without an end", "BAD_REQUEST", '{node(id:"' + "x" * 1_900),
    Hostile("a long text without an end", "BAD_REQUEST", '{node(id:"""' + '"" ' * 600),
    Hostile("quotes without an end", "BAD_REQUEST", '\\"' * 1_000),
    Hostile("ends of blocks that are none", "BAD_REQUEST", '{a}"""' + '\\"""\n' * 390),
    Hostile(
        "brackets between blocks", "TOO_NESTED", '{node(id:["""\\""" """,' + "[" * 70 + "]" * 70 + ',""" """]){id}}'
    ),
    Hostile("brackets behind a comment", "TOO_NESTED", "#\r" + "{a" * 70 + "}" * 70),
    Hostile("nothing", "BAD_REQUEST", body=b"", status=400),
    Hostile("null", "BAD_REQUEST", body=b"null", status=400),
    Hostile("a query that is null", "BAD_REQUEST", body=b'{"query":null}', status=400),
    Hostile("an empty query", "BAD_REQUEST", body=b'{"query":""}', status=400),
    Hostile("an object of nothing", "BAD_REQUEST", body=b"{}", status=400),
    Hostile("a number", "BAD_REQUEST", body=b"1", status=400),
    Hostile("variables that are a list", "BAD_REQUEST", body=b'{"query":"{__typename}","variables":[]}', status=400),
    Hostile("40 operations at once", "BATCH_TOO_LARGE", body=f"[{','.join([TYPED] * 40)}]".encode(), status=400),
    Hostile("a prototype", None, body=b'{"query":"{__typename}","variables":{"__proto__":{"a":1}}}'),
    Hostile("two queries in one", None, body=b'{"query":"{a}","query":"{__typename}"}'),
    Hostile("a subscription", "BAD_REQUEST", "subscription{notificationAdded{unread}}", status=400),
    Hostile("parts of an answer", "BAD_REQUEST", "{company{...@defer{key}} orgUnits{nodes @stream{key}}}"),
    Hostile("only a comment", "BAD_REQUEST", "#"),
    Hostile("types of its own", "BAD_REQUEST", "type A{a:A}" * 150),
)

HOSTILE: Final = (*BOMBS, *FLOODS, *INTROSPECTION, *DEPTHS, *NUMBERS, *TEXTS)
"""All of them."""
