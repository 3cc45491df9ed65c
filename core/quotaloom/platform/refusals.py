"""Several things that are wrong with one request, told together."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.platform.errors import InputError


class ManyRefused(InputError):
    """More than one thing cannot be accepted; nothing was written.

    `errors` holds one `InputError` for each fault, in the order of the input. Code, message and path are
    those of the first, for those who show only one.
    """

    def __init__(self, errors: Sequence[InputError]) -> None:
        first = errors[0]
        super().__init__(first.code, first.message, first.path)
        self.errors = tuple(errors)

    def at(self, *prefix: str | int) -> ManyRefused:
        """The same errors, their paths seen from further outside."""
        return ManyRefused([error.at(*prefix) for error in self.errors])


def raise_all(errors: Sequence[InputError]) -> None:
    """Raise the one error as it is, several as `ManyRefused`, none not at all."""
    if errors:
        raise errors[0] if len(errors) == 1 else ManyRefused(errors)
