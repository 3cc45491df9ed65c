"""Where the input of a mutation has what the domain finds wrong with a deal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused


@contextmanager
def told_at(input: Any) -> Iterator[None]:
    """What is raised inside has paths of `input`, which names a deal by its `id`.

    The day on which the deal closes is the input's `on`; what only the stored deal has is told at its `id`.
    """
    names = {to_camel_case(field.name) for field in fields(input)}
    try:
        yield
    except ManyRefused as many:
        raise ManyRefused([_seen(error, names) for error in many.errors]) from many
    except InputError as error:
        raise _seen(error, names) from error


def _seen(error: InputError, names: set[str]) -> InputError:
    if not error.path or error.path[0] in names:
        return error
    path = ("on",) if error.path[0] == "closedOn" and "on" in names else ("id",)
    return type(error)(error.code, error.message, path)
