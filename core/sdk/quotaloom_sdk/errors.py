"""Errors of the plugin API; all are `PolicyError`."""

from __future__ import annotations


class PolicyError(Exception):
    """Something is not what the plugin API allows; the message says what to do."""


class InvalidDefinition(PolicyError):
    """A definition that cannot be registered: a bad key, no title, an async function."""


class InvalidRequest(PolicyError):
    """A request that contradicts itself, such as a date where text is said to be, or was asked for the wrong thing."""


class CannotDecide(PolicyError):
    """A policy raises it where the request leaves it nothing to decide by; the message tells a planner what to do.

    It is an answer like any other: shown to whoever asked, in these words, and no failure of the plugin.
    """


class InvalidResult(PolicyError):
    """A policy's answer that contradicts itself or its request, or cannot be written as JSON."""


class WrongType(InvalidResult):
    """A part of an answer is of another type than it must be, such as a float where an exact number belongs."""


class WrongLength(InvalidResult):
    """A part of an answer has another number of entries than it must have."""


class NotFinite(InvalidResult):
    """A number of an answer is NaN or infinite."""


class Negative(InvalidResult):
    """A number of an answer is below 0 where it must not be."""
