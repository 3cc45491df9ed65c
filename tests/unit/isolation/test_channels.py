"""What the server's end of a worker's pipe takes for a message."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Iterator

import pytest
from pebble.common.types import Result, ResultStatus
from pebble.pool.process import Acknowledgement, TaskProblem, TaskResult

from quotaloom.policies.isolation.channels import ServerEnd, WorkerEnd

Ends = tuple[ServerEnd, WorkerEnd]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The server's end for reading, with 10 bytes an answer, and the worker's for writing."""
    reading, writing = os.pipe()
    with ServerEnd(reading, 10, writable=False) as server, WorkerEnd(writing, readable=False) as worker:
        yield server, worker


def test_a_worker_takes_a_task_and_answers_it(ends: Ends) -> None:
    """Both are read as they were written, task by task."""
    server, worker = ends
    for task in (0, 1):
        answered = TaskResult(task, Result(ResultStatus.SUCCESS, b"yes"))
        for message in (Acknowledgement(4711, task), answered):
            worker.send(message)
            assert server.recv() == message


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (TaskResult(0, Result(ResultStatus.FAILURE, MemoryError("of the plugin"))), MemoryError),
        (TaskResult(0, Result(ResultStatus.FAILURE, LookupError("of the plugin"))), RuntimeError),
        (TaskResult(0, Result(ResultStatus.SUCCESS, "no bytes")), RuntimeError),
        (TaskProblem(0, LookupError("of the plugin")), RuntimeError),
    ],
)
def test_of_a_failure_nothing_but_its_kind_is_told(ends: Ends, message: object, kind: type[Exception]) -> None:
    """No error of a plugin's passes."""
    server, worker = ends
    worker.send(Acknowledgement(4711, 0))
    worker.send(message)
    server.recv()
    found = server.recv()
    assert isinstance(found, TaskResult)
    assert type(found.result.value) is kind
    assert "of the plugin" not in str(found.result.value)


def said(word: bytes, task: int) -> bytes:
    """A message as it is on the wire."""
    return struct.pack("!cqq", word, task, 0)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([b""], "cut short"),
        ([pickle.dumps(1)], "cut short"),
        ([pickle.dumps(Acknowledgement(1, 0))], "does not have"),
        ([said(b"a", 0)], "ended task 0, which it does not have"),
        ([said(b"t", 0), said(b"t", 1)], "took task 1 out of turn"),
        ([said(b"t", 3), said(b"a", 3), said(b"t", 3)], "took task 3 out of turn"),
        ([said(b"t", 0), said(b"a", 0), said(b"a", 0)], "ended task 0, which it does not have"),
        ([said(b"t", 0), said(b"x", 0)], "said b'x', which none says"),
        ([b"x" * 100_000], "bad message length"),
    ],
)
def test_whatever_else_is_said_is_an_error(ends: Ends, messages: list[bytes], reason: str) -> None:
    """Of a kind on which pebble gives up the worker."""
    server, worker = ends
    *good, bad = messages
    for message in good:
        worker.send_bytes(message)
        server.recv()
    if len(bad) > 50_000:  # more than a pipe holds: the size alone is looked at
        os.write(worker.fileno(), struct.pack("!i", len(bad)))
    else:
        worker.send_bytes(bad)
    with pytest.raises(OSError, match=reason):
        server.recv()
