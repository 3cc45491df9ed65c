from __future__ import annotations

import json
from typing import Any, cast

import pytest

from quotaloom.platform.limits import Limits
from quotaloom_server.view import GraphQLView


async def test_half_of_a_surrogate_pair_does_not_take_the_answer_with_it() -> None:
    """It is replaced wherever it stands, and everything else is as it was."""
    view = cast("Any", object.__new__(GraphQLView))
    view._limits = Limits()
    data = {"data": {"policies": [{"title": "T\ud800", "n": 1, "a\udfff": None}, {"title": "Größe"}]}}
    written = await view.written(data)
    text = '{"data":{"policies":[{"title":"T\ufffd","n":1,"a\ufffd":null},{"title":"Größe"}]}}'
    assert b"".join(written).decode() == text


@pytest.mark.parametrize(
    ("kind", "payload"), [("next", {"data": {"text": "x" * 1_000}}), ("error", [{"m": "x" * 1_000}])]
)
async def test_a_message_that_is_too_large_says_so_instead(kind: str, payload: Any) -> None:
    """It is of the same kind and of the same subscription: clients can read it."""
    view = cast("Any", object.__new__(GraphQLView))
    view._limits = Limits(answer_bytes=1_000)
    told = json.loads(b"".join(await view.written({"id": "7", "type": kind, "payload": payload})))
    errors = told["payload"]["errors"] if kind == "next" else told["payload"]
    assert (told["id"], told["type"], errors[0]["extensions"]["code"]) == ("7", kind, "ANSWER_TOO_LARGE")
