"""Requests with as much in their variables as they may have: answered, and not refused, so they take their time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.abuse.http_requests import JSON, post
from benchmarks.abuse.sending import Abuse

_CELL: Final = {"orgUnitId": "x", "month": "2017-01", "target": "1.00", "assessment": "1.00", "stretch": "1.00"}
_CELLS: Final = "mutation($i:SetTargetCellsInput!){setTargetCells(input:$i){errors{code}}}"
_ENTRY: Final = {
    "amount": "1.00",
    "source": "ORDER",
    "sourceKey": "x",
    "idempotencyKey": "x",
    "businessDate": "2017-01-05",
    "credits": [{"positionKey": "x", "share": "1"}],
}
_ENTRIES: Final = "mutation($i:PostAchievementsInput!){postAchievements(input:$i){errors{code}}}"
_REPORT: Final = 'query($s:[AttainmentSort!]!){attainmentReport(period:"2017",sort:$s){rows{totalCount}}}'


def _sent(name: str, document: str, variables: Mapping[str, Any]) -> Abuse:
    body = json.dumps({"query": document, "variables": variables}).encode()
    return Abuse(name, post(body, JSON, "Authorization: Bearer <TOKEN>", "Connection: close"), (200,))


LARGE: Final = (
    _sent("5,000 cells", _CELLS, {"i": {"planId": "x", "cells": [_CELL] * 5_000}}),
    _sent("4,999 cells and one that is none", _CELLS, {"i": {"planId": "x", "cells": [*[_CELL] * 4_999, {}]}}),
    _sent("5,000 entries", _ENTRIES, {"i": {"items": [_ENTRY] * 5_000}}),
    _sent("5,000 columns in the order of a report", _REPORT, {"s": [{"column": "RATE"}] * 5_000}),
)
"""None holds the loop, although each is checked and converted before anybody can count what it holds too much of."""
