"""What one request may ask for at the most: settings of the installation, and the error of going beyond one."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from quotaloom.platform.shares import Turn

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
    document_nesting: int = Field(
        default=60,
        ge=5,
        le=150,
        description="Brackets of any kind that may stand within each other: selections, arguments, lists and objects.",
    )
    document_selections: int = Field(
        default=100,
        ge=5,
        le=200,
        description="Selections that may stand within each other, those of fragments counted where they are spread.",
    )
    document_arguments: int = Field(
        default=100,
        ge=5,
        le=100_000,
        description="Arguments that a field or directive may have, fields an object that the document holds, "
        "and variables an operation.",
    )
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
    document_comments: int = Field(
        default=1_000, ge=0, le=100_000, description="Comments that a document may have, each a line at the most."
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
    document_spreads: int = Field(
        default=50_000,
        ge=10,
        le=10_000_000,
        description="Steps that may be taken to find out which fragments and variables belong to which operations.",
    )
    operation_cost: int = Field(
        default=5_000_000,
        ge=10,
        le=1_000_000_000,
        description="What an operation may cost: the values of its answer, as page sizes and lists foretell it, "
        "and the work.",
    )
    list_size: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="Items that a list is reckoned with whose size neither the document nor the schema tells.",
    )
    operation_seconds: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="Seconds that an operation may take; then it reads no more, and a mutation under way is undone.",
    )
    operation_rows: int = Field(
        default=500_000, ge=100, le=100_000_000, description="Rows that one operation may read from the database."
    )
    own_operations: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="Operations of one member, API key or service that may hold connections to the database at once in "
        "each serving process; more wait for their turn. `0` for half of `QUOTALOOM_DATABASE_POOL_SIZE`.",
    )
    company_operations: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="The same for all who ask of one company, together. `0` for three quarters of "
        "`QUOTALOOM_DATABASE_POOL_SIZE`.",
    )
    search_characters: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Characters that a text may have that is searched for, such as `text` of `opportunities`.",
    )
    variables_depth: int = Field(
        default=20, ge=2, le=500, description="Lists and objects that may stand within each other in variables."
    )
    variables_values: int = Field(
        default=50_000,
        ge=10,
        le=100_000_000,
        description="Values that the variables of an operation may have together.",
    )
    variables_items: int = Field(
        default=5_000, ge=10, le=10_000_000, description="Items that one list in the variables may have."
    )
    batch_operations: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="Operations that a request may hold as a list, each answered by itself; `1` for no lists.",
    )
    batch_cost: int = Field(
        default=5_000_000,
        ge=10,
        le=1_000_000_000,
        description="Cost that the operations of a list may come to together.",
    )
    head_bytes: int = Field(
        default=32_768, ge=1_000, le=1_000_000, description="Bytes that the head of a request may have."
    )
    head_fields: int = Field(default=100, ge=10, le=128, description="Fields that the head of a request may have.")
    head_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="Seconds within which the head of a request must have come."
    )
    request_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds within which all of a request must have come, the whole of its body too: raise it with "
        "`QUOTALOOM_BODY_BYTES`, where large files come over slow lines.",
    )
    body_bytes: int = Field(default=4_194_304, ge=1_000, le=2**31, description="Bytes that a request may send.")
    stranger_bytes: int = Field(
        default=131_072,
        ge=1_000,
        le=2**31,
        description="The same for whoever has no token, or one that is not good.",
    )
    body_chunks: int = Field(
        default=20_000,
        ge=100,
        le=10_000_000,
        description="Chunks that the body of a request may come in, where it does not tell its length.",
    )
    open_connections: int = Field(
        default=2_000,
        ge=10,
        le=1_000_000,
        description="Connections that each serving process may have. Idle ones make room for new ones.",
    )
    spare_connections: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="Connections beyond those that are heard as well: to ask for health, or to be told that there are "
        "too many.",
    )
    own_connections: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Connections that one member, API key or service may keep busy in each serving process, with "
        "requests that are not answered yet and WebSockets. `0` for a quarter of `QUOTALOOM_OPEN_CONNECTIONS`.",
    )
    company_connections: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="The same for all who ask of one company, together. `0` for half of `QUOTALOOM_OPEN_CONNECTIONS`.",
    )
    waiting_requests: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="Requests that may wait on one connection for the one before them.",
    )
    message_bytes: int = Field(
        default=262_144, ge=1_000, le=2**31, description="Bytes that a message over a WebSocket may have."
    )
    message_frames: int = Field(
        default=250, ge=1, le=1_000_000, description="Frames that a message over a WebSocket may come in."
    )
    socket_frames: int = Field(
        default=500,
        ge=10,
        le=1_000_000,
        description="Frames that may come over a WebSocket within a second, pings among them.",
    )
    greeting_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="Seconds within which a WebSocket must say whose it is."
    )
    greeting_bytes: int = Field(
        default=16_384,
        ge=1_000,
        le=1_000_000,
        description="Bytes that a message over a WebSocket may have until its client has said whose it is.",
    )
    live_subscriptions: int = Field(
        default=1000, ge=1, le=100_000, description="Subscriptions of each kind that each serving process may have."
    )
    own_subscriptions: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="Subscriptions of each kind that one member or service may have in each serving process.",
    )
    company_subscriptions: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="The same for all who ask of one company, together. `0` for half of "
        "`QUOTALOOM_LIVE_SUBSCRIPTIONS`.",
    )
    connection_subscriptions: int = Field(
        default=50, ge=1, le=100_000, description="Subscriptions, of whatever kind, that a WebSocket may have."
    )
    subscription_units: int = Field(
        default=500, ge=1, le=100_000, description="Units that a subscription to attainment may name."
    )
    answer_bytes: int = Field(
        default=67_108_864, ge=1_000, le=2**31, description="Bytes that an answer of the graph, or a file, may have."
    )
    token_cost_per_minute: int = Field(
        default=150_000_000,
        ge=0,
        le=10**12,
        description="Cost that the operations of one member, API key or service may come to in a minute, each with "
        "1,000 besides, by whatever tokens; `0` for any. Each serving process counts for itself.",
    )
    company_cost_per_minute: int = Field(
        default=450_000_000,
        ge=0,
        le=10**12,
        description="The same for all tokens of a company together.",
    )


class LimitExceeded(Exception):
    """A request goes beyond a limit, and nothing of what exceeds it was done.

    `code` is a stable word; `limit` the name of the setting, `allowed` its value, `found` what the request comes to.
    """

    def __init__(self, code: str, limit: str, allowed: float, found: float, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.limit = limit
        self.allowed = allowed
        self.found = min(found, MOST_TOLD)

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error of it says besides the message."""
        return {"code": self.code, "limit": self.limit, "allowed": self.allowed, "found": self.found}


class ComeAgain(LimitExceeded):
    """There is too much at the moment; `retry_after` is in how many seconds it may come again."""

    def __init__(
        self, code: str, limit: str, allowed: float, found: float, message: str, *, retry_after: int = 1
    ) -> None:
        super().__init__(code, limit, allowed, found, message)
        self.retry_after = retry_after

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error of it says besides the message."""
        return {**super().extensions, "retryAfter": self.retry_after}


class SharedCost:
    """What the operations of one request may cost together, of which each takes its part before it is executed."""

    __slots__ = ("_most", "_taken")

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def take(self, cost: int) -> None:
        """Take the part of an operation; raises `LimitExceeded`, and takes nothing, where that is too much."""
        total = self._taken + cost
        if total > self._most:
            text = (
                f"the operations of the list come to {total:,} values with this one, and {self._most:,} at the most are"
                " allowed: send it in another request"
            )
            raise LimitExceeded("BATCH_TOO_COSTLY", "batch_cost", self._most, total, text)
        self._taken = total


class Allowance:
    """What one operation may still read. Its time begins with its first statement.

    `turn` is what it has of its token's share of the connections; None may have any. `only_reads` where nothing is lost
    if it is given up before it has begun. `counts_all` where whatever is read counts, what commands read as well.
    """

    __slots__ = ("_begun", "_limits", "_rows", "counts_all", "only_reads", "turn")

    def __init__(self, limits: Limits, turn: Turn | None = None) -> None:
        self.turn = turn
        self.only_reads = False
        self.counts_all = False
        self._limits = limits
        self._rows = 0
        self._begun: float | None = None

    def begin(self) -> float:
        """A statement is about to be sent: the seconds that are left; raises `LimitExceeded` where the time is over."""
        now = monotonic()
        if self._begun is None:
            self._begun = now
        left = self._begun + self._limits.operation_seconds - now
        if left < 0:
            raise self.over()
        return left

    def spend(self, rows: int) -> None:
        """A statement gave so many rows; raises `LimitExceeded` where they are too many altogether."""
        self._rows += rows
        most = self._limits.operation_rows
        if self._rows > most:
            text = (
                f"the operation has read {self._rows:,} rows; {most:,} at the most are allowed: ask for less at a time"
            )
            raise LimitExceeded("TOO_MANY_ROWS", "operation_rows", most, self._rows, text)

    def require_file(self, size: int) -> None:
        """Raise `LimitExceeded` for a file of more bytes than an answer may have."""
        most = self._limits.answer_bytes
        if size > most:
            text = f"the file has {size:,} bytes or more; {most:,} at the most are sent: ask for a part of it"
            raise LimitExceeded("ANSWER_TOO_LARGE", "answer_bytes", most, size, text)

    def require_searchable(self, text: str | None) -> None:
        """Raise `LimitExceeded` for a text that is too long to be searched for: each row is compared with all of it."""
        most = self._limits.search_characters
        if text is not None and len(text) > most:
            told = (
                f"the text that is searched for has {len(text):,} characters; {most:,} at the most are allowed: search"
                " for a part of it"
            )
            raise LimitExceeded("SEARCH_TOO_LONG", "search_characters", most, len(text), told)

    def over(self) -> LimitExceeded:
        """The error of an operation whose time is over."""
        most = self._limits.operation_seconds
        seconds = most if self._begun is None else monotonic() - self._begun
        text = f"the operation has taken {seconds:.1f} seconds, and has {most:g} at the most: ask for less at a time"
        return LimitExceeded("TOO_SLOW", "operation_seconds", most, max(most, round(seconds, 3)), text)
