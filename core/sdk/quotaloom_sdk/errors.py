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
