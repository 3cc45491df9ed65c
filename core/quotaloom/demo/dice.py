"""Chance that always falls the same way."""

from __future__ import annotations

from random import Random

SEED = "lanshan"


def dice(*names: object) -> Random:
    """Numbers that depend on the names alone, so that what is made up for a month does not depend on other months."""
    seed = ":".join([SEED, *map(str, names)])
    return Random(seed)  # noqa: S311 (a demo needs repeatable numbers, not secret ones)
