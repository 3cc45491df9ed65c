"""Breadth-first fields for Strawberry: each is resolved once per level, for all parents together."""

from strawberry_breadth.fields import Batch, BatchField, BatchingContext, ColumnField, attached, batch, column

__all__ = ["Batch", "BatchField", "BatchingContext", "ColumnField", "attached", "batch", "column"]
