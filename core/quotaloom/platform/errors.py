"""Errors that every concept raises and every surface (GraphQL, command line, importer) shows."""

from __future__ import annotations

from typing import Any, ClassVar

Path = tuple[str | int, ...]


class InputError(Exception):
    """Something the caller sent cannot be accepted and can be mended by the caller; nothing was changed.

    `code` is a stable word in upper snake case; `message` says what was given, what is allowed and what to
    do; `path` names the place in the input, such as `("cells", 3, "target")`.
    """

    def __init__(self, code: str, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error of it says besides the message."""
        return {"code": self.code, "input": list(self.path)} if self.path else {"code": self.code}

    def at(self, *prefix: str | int) -> InputError:
        """The same error, its path seen from further outside."""
        return type(self)(self.code, self.message, (*prefix, *self.path))


class BeyondLimit(InputError):
    """What the caller sent goes beyond a limit; its extensions say which one, what it allows, and what was found."""

    def __init__(self, code: str, message: str, path: Path = (), *, limit: str, allowed: float, found: float) -> None:
        super().__init__(code, message, path)
        self.limit = limit
        self.allowed = allowed
        self.found = found

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error of it says besides the message."""
        return {**super().extensions, "limit": self.limit, "allowed": self.allowed, "found": self.found}

    def at(self, *prefix: str | int) -> BeyondLimit:
        """The same error, its path seen from further outside."""
        path = (*prefix, *self.path)
        return type(self)(self.code, self.message, path, limit=self.limit, allowed=self.allowed, found=self.found)


class NotFound(InputError):
    """An id that names nothing the viewer may see; an id of another company answers alike."""


class Conflict(InputError):
    """What was read has been changed by somebody else meanwhile, more often than was worth retrying."""


class AccessDenied(Exception):
    """The viewer is known but may not do this; `message` says what it would take."""

    extensions: ClassVar[dict[str, Any]] = {"code": "FORBIDDEN"}

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthenticated(Exception):
    """No valid token came with the request; `bearer` is whom the token named while it was good, where that is known."""

    extensions: ClassVar[dict[str, Any]] = {"code": "UNAUTHENTICATED"}

    def __init__(self, message: str = "no valid token came with the request", bearer: Any = None) -> None:
        super().__init__(message)
        self.bearer = bearer


class NoToken(Unauthenticated):
    """Nobody said who he is; that is asked for, not refused."""


class Unavailable(Exception):
    """What the operation needs is away; nothing was changed, unless the connection was lost while it was committed."""

    extensions: ClassVar[dict[str, Any]] = {"code": "UNAVAILABLE"}

    def __init__(self, message: str = "the database does not answer at the moment; please try again") -> None:
        super().__init__(message)


class SnapshotEnded(RuntimeError):
    """A read came too late: whoever opened the snapshot has ended it."""


class CallerGone(Unavailable):
    """Nobody waits for the answer any more, and it would have taken time that others wait for."""

    def __init__(self) -> None:
        super().__init__("the connection was closed before a plugin had answered")
