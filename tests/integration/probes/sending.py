"""Sends operations as several people, and notes how they were answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from schemathesis import Case
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.integration.live.boards import SECONDS

NORMAL: Final = 1000
"""The code with which a client closes a WebSocket."""


@dataclass
class Probe:
    """Sends each operation as everybody, one after the other; `roles` are their headers."""

    port: int
    roles: Mapping[str, Mapping[str, str]]
    session: requests.Session = field(default_factory=requests.Session)
    sent: int = 0
    errors: list[str] = field(default_factory=list)
    """What went wrong in the server."""
    done: Counter[str] = field(default_factory=Counter)
    """How often each operation was done without anything refused."""

    def send(self, case: Case[Any]) -> None:
        """Send a query or a mutation."""
        for role, headers in self.roles.items():
            response = case.call(headers=dict(headers), session=self.session)
            answer = response.json() if response.status_code == 200 else {}
            about = f"{response.status_code} to a {role}: {case.body!r}"
            self._note(case.operation.label, answer, about, as_it_should=response.status_code == 200)

    def listen(self, label: str, document: str) -> None:
        """Subscribe, hear the first message, and hang up."""
        for role, headers in self.roles.items():
            try:
                message, code = first_message(self.port, headers, document)
            except (WebSocketException, TimeoutError) as error:
                self._note(label, {}, f"{error!r} to a {role}: {document!r}", as_it_should=False)
                continue
            answer = {"errors": message["payload"]} if message["type"] == "error" else message["payload"]
            as_it_should = message["type"] in ("next", "error") and code == NORMAL
            self._note(label, answer, f"{message['type']}, {code} to a {role}: {document!r}", as_it_should)

    def _note(self, label: str, answer: Mapping[str, Any], about: str, as_it_should: bool) -> None:
        self.sent += 1
        faults = [error for error in answer.get("errors", ()) if _is_ours(error)]
        if faults or not as_it_should:
            self.errors.append(f"{faults} {about}")
        elif _is_done(answer):
            self.done[label] += 1


def first_message(port: int, headers: Mapping[str, str], document: str) -> tuple[Any, int | None]:
    """The first message of a subscription over a WebSocket of its own, and the code with which that was closed."""
    protocol = Subprotocol("graphql-transport-ws")
    with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[protocol], proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": dict(headers)}))
        assert json.loads(socket.recv(SECONDS)) == {"type": "connection_ack"}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": document}}))
        message = json.loads(socket.recv(SECONDS))
    return message, socket.close_code


def _is_ours(error: Mapping[str, Any]) -> bool:
    """Whether an error is the server's.

    Without variables, whatever is wrong with values is found out before anything is executed: an error of a field that
    is told as the caller's, such as that of a number too large to be written, is none of his.
    """
    code = error["extensions"]["code"]
    return code == "INTERNAL" or (code == "BAD_REQUEST" and "path" in error)


def _is_done(answer: Mapping[str, Any]) -> bool:
    """Whether there are no errors; mutations are asked for theirs (`ERRORS`)."""
    if "errors" in answer or not answer["data"]:
        return False
    (payload,) = answer["data"].values()
    return not (isinstance(payload, dict) and payload.get("errors"))
