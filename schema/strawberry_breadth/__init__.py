"""Breadth-first execution for Strawberry: each field is resolved once per level, for all parents together."""

from strawberry_breadth.arriving import Pieces
from strawberry_breadth.fields import (
    Batch,
    BatchField,
    BatchingContext,
    ColumnField,
    asked,
    attached,
    batch,
    column,
    takes_all,
)
from strawberry_breadth.leaves import passes_text
from strawberry_breadth.schema import BreadthFirstExecutor, BreadthFirstSchema
from strawberry_breadth.tables import Table
from strawberry_breadth.texts import JSONWriter, Texts

__all__ = [
    "Batch",
    "BatchField",
    "BatchingContext",
    "BreadthFirstExecutor",
    "BreadthFirstSchema",
    "ColumnField",
    "JSONWriter",
    "Pieces",
    "Table",
    "Texts",
    "asked",
    "attached",
    "batch",
    "column",
    "passes_text",
    "takes_all",
]
