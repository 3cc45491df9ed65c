"""Idempotency keys of operations: a mutation that comes again with the same key is answered as the first time."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from graphql import print_ast

from quotaloom.platform.kept_answers import KeyRefused, RequestKey
from quotaloom_graphql.context import Info

HEADER: Final = "idempotency-key"
"""The HTTP header that has it; the draft of the IETF puts it into quotation marks, and most leave them out."""

EXTENSION: Final = "idempotencyKey"
"""The name of it in the `extensions` of a request, for transports without headers of each operation."""


def request_key(info: Info) -> RequestKey | None:
    """The key of a root field, where its operation came with one. Raises `KeyRefused`.

    Each root field is done for itself, so that each has its part of the key.
    """
    key = _given(info)
    if key is None:
        return None
    return RequestKey(key, _fingerprint(info), str(info.path.key))


def _given(info: Info) -> str | None:
    header, told = info.context.idempotency_key, (info.input_extensions or {}).get(EXTENSION)
    if header is not None and len(header) > 1 and header[0] == header[-1] == '"':
        header = header[1:-1]
    if told is not None and not isinstance(told, str):
        raise KeyRefused("BAD_KEY", f"`extensions.{EXTENSION}` is a text")
    if header is not None and told is not None and header != told:
        raise KeyRefused("BAD_KEY", f"the header and `extensions.{EXTENSION}` name two keys: send one of them")
    return header if told is None else told


def _fingerprint(info: Info) -> str:
    """The same for the same document, however it is spaced, and the same variables; worked out once an operation."""
    operation, variables = info._raw_info.operation, info.variable_values
    known = info.context.fingerprint
    if known is None or known[0] is not operation or known[1] is not variables:
        known = info.context.fingerprint = (operation, variables, _worked_out(info))
    return known[2]


def _worked_out(info: Info) -> str:
    raw = info._raw_info
    nodes = [raw.operation, *(raw.fragments[name] for name in sorted(raw.fragments))]
    texts = [print_ast(getattr(node, "definition", node)) for node in nodes]
    variables = json.dumps(info.variable_values, default=str, sort_keys=True)
    return sha256("\n".join([*texts, variables]).encode("utf-8", "surrogatepass")).hexdigest()
