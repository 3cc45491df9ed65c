from __future__ import annotations

from typing import Any, cast

from quotaloom_server.view import GraphQLView


def test_half_of_a_surrogate_pair_does_not_take_the_answer_with_it() -> None:
    """It is replaced wherever it stands, and everything else is as it was."""
    view = cast("Any", object.__new__(GraphQLView))
    data = {"data": {"policies": [{"title": "T\ud800", "n": 1, "a\udfff": None}, {"title": "Größe"}]}}
    written = view.encode_json(data).decode()
    assert written == ('{"data":{"policies":[{"title":"T\ufffd","n":1,"a\ufffd":null},{"title":"Größe"}]}}')
