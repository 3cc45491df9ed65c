"""What one request may ask for at the most: settings of the installation, and the error of going beyond one."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

MOST_TOLD: Final = 2**53 - 1
"""The largest number that every JSON reader takes; what is found beyond it is told as this."""


class Limits(BaseModel):
    """The limits of one request. Each is a setting; `LimitExceeded` names the one that was met."""

    document_characters: int = Field(
        default=100_000, ge=100, le=10_000_000, description="Characters that the text of a document may have."
    )
    document_tokens: int = Field(
        default=5_000, ge=50, le=1_000_000, description="Names, marks and values that a document may have."
    )
    document_depth: int = Field(default=20, ge=2, le=100, description="Fields that may stand within each other.")
    document_breadth: int = Field(
        default=250,
        ge=2,
        le=100_000,
        description="Fields that one selection may have, those of its fragments included.",
    )
    document_fields: int = Field(
        default=3_000,
        ge=10,
        le=1_000_000,
        description="Fields that a document may have, those of a fragment counted wherever it is spread.",
    )
    document_aliases: int = Field(
        default=250, ge=0, le=100_000, description="Aliases that a document may have, counted like fields."
    )
    document_directives: int = Field(
        default=100, ge=0, le=100_000, description="Directives that a document may have, counted like fields."
    )
    document_merges: int = Field(
        default=5_000,
        ge=100,
        le=10_000_000,
        description="Steps that may be taken to find out whether fields of the same name can be merged.",
    )
    operation_cost: int = Field(
        default=1_000_000,
        ge=10,
        le=1_000_000_000,
        description="Values that the answer to one operation may come to, as page sizes and lists foretell it.",
    )
    list_size: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="Items that a list is reckoned with whose size neither the document nor the schema tells.",
    )


class LimitExceeded(Exception):
    """A request goes beyond a limit, and nothing of what exceeds it was done.

    `code` is a stable word; `limit` the name of the setting, `allowed` its value, `found` what the request comes to.
    """

    def __init__(self, code: str, limit: str, allowed: int, found: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.limit = limit
        self.allowed = allowed
        self.found = min(found, MOST_TOLD)

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error of it says besides the message."""
        return {"code": self.code, "limit": self.limit, "allowed": self.allowed, "found": self.found}
