"""Errors of the plugin API; all are `PolicyError`."""

from __future__ import annotations


class PolicyError(Exception):
    """Something a plugin handed over is not what the plugin API allows; the message says what to do."""


class InvalidDefinition(PolicyError):
    """A policy definition that cannot be registered: a bad key, no title, an async function."""


class InvalidResult(PolicyError):
    """A policy's answer that contradicts itself or cannot be written as JSON."""
