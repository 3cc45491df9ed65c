"""The two ends of what pebble sends through pipes between the server and a worker.

Pebble pickles its messages and unpickles them with everything that pickle can do. A worker's message must not be read
so: it would import whatever it names into the server. The ends below let a worker say three things, as bytes that are
no pickle: that it has a task, what it answered (bytes again, see `messages`), and that its task failed.
"""

from __future__ import annotations

import struct
from multiprocessing.connection import Connection
from typing import Any

from pebble.common.types import RemoteException, Result, ResultStatus
from pebble.pool.process import Acknowledgement, TaskProblem, TaskResult

_HEAD = struct.Struct("!cqq")
"""What is said, the task, and the process that has it (0 where that is not said); an answer's bytes follow."""

_WORDS = 64 * 1024
"""Bytes that any answer may have, however few are allowed: room for what a failure says."""

_TAKEN, _ANSWERED, _FAILED, _NO_MEMORY = b"t", b"a", b"f", b"m"


class WorkerEnd(Connection):
    """What a worker holds: it reads tasks as the server pickled them, and writes what a worker may say."""

    def send(self, obj: Any) -> None:
        """Write one of pebble's messages from a worker; whatever went wrong is told as a failure without words."""
        self.send_bytes(_written(obj))


class ServerEnd(Connection):
    """What the server holds: it writes tasks by pickle, and reads what a worker may say and nothing else.

    `most`: bytes of an answer that a policy may give. A worker says first that it has a task, then how that ended, each
    once.
    """

    def __init__(self, handle: int, most: int, *, readable: bool = True, writable: bool = True) -> None:
        super().__init__(handle, readable, writable)
        self._most = _HEAD.size + most + _WORDS
        self._last = -1
        self._open: int | None = None

    def recv(self) -> Acknowledgement | TaskResult:
        """What the worker says. Raises `OSError`, on which pebble gives up the worker, where no worker says such."""
        message = self.recv_bytes(self._most)
        if len(message) < _HEAD.size:
            raise OSError("a worker's message is cut short")
        said, task, process = _HEAD.unpack_from(message)
        return self._acknowledged(task, process) if said == _TAKEN else self._ended(said, task, message[_HEAD.size :])

    def _acknowledged(self, task: int, process: int) -> Acknowledgement:
        if self._open is not None or task <= self._last:
            raise OSError(f"a worker took task {task} out of turn")
        self._open = self._last = task
        return Acknowledgement(process, task)

    def _ended(self, said: bytes, task: int, answer: bytes) -> TaskResult:
        if task != self._open:
            raise OSError(f"a worker ended task {task}, which it does not have")
        self._open = None
        match said:
            case b"a":
                return TaskResult(task, Result(ResultStatus.SUCCESS, answer))
            case b"m":
                return TaskResult(task, Result(ResultStatus.FAILURE, MemoryError()))
            case b"f":
                return TaskResult(task, Result(ResultStatus.FAILURE, RuntimeError("the task failed")))
        raise OSError(f"a worker said {said!r}, which none says")


def _written(message: object) -> bytes:
    match message:
        case Acknowledgement(worker, task):
            return _HEAD.pack(_TAKEN, task, worker)
        case TaskResult(task, Result(ResultStatus.SUCCESS, bytes(answer))):
            return _HEAD.pack(_ANSWERED, task, 0) + answer
        case TaskResult(task, Result(_, MemoryError() | RemoteException(exception=MemoryError()))):
            return _HEAD.pack(_NO_MEMORY, task, 0)
        case TaskResult(task, _) | TaskProblem(task, _):
            return _HEAD.pack(_FAILED, task, 0)
    raise TypeError(f"no worker says {type(message).__name__}")
