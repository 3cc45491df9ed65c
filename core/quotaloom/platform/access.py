"""Who is asking, and the checks that every command begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from quotaloom.platform.errors import AccessDenied


class Role(StrEnum):
    """What a viewer may be. Heads are members who lead a unit today; see `organizations.sight`."""

    ADMIN = "admin"
    MEMBER = "member"
    SERVICE = "service"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a service token may name."""

    READ = "graph:read"
    ORGANIZATION = "organization:write"
    TARGETS = "targets:write"
    ACHIEVEMENTS = "achievements:write"
    FUNNELS = "funnels:write"
    POOL = "pool:write"
    INCENTIVES = "incentives:write"
    SETTINGS = "settings:write"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever sent the request, already authenticated, in one company.

    A member or admin has a `member_id`; a service has `scopes`; an operator belongs to the installation, not to
    a company (`company_id` is 0): he may found companies and sees into none. `key_id` is the key by which a service
    came, if it was one. `credential` tells the token or key by which he came, in the audit record and in logs; it lets
    nobody in.
    """

    company_id: int
    subject: str
    role: Role
    member_id: int | None = None
    scopes: frozenset[str] = frozenset()
    key_id: int | None = None
    credential: str | None = field(default=None, compare=False)

    @property
    def is_admin(self) -> bool:
        """Whether everything of the company is open to the viewer."""
        return self.role is Role.ADMIN

    def may(self, scope: Scope) -> bool:
        """Whether the viewer is an admin, or a service whose token names `scope`."""
        return self.is_admin or (self.role is Role.SERVICE and scope in self.scopes)

    @property
    def may_read(self) -> bool:
        """Whether figures and records may be shown to the viewer beyond what he changed, as far as his sight reaches.

        A service needs `graph:read` for that.
        """
        return self.role is not Role.SERVICE or self.may(Scope.READ)

    def require_to_read(self, doing: str) -> None:
        """Raise `AccessDenied` unless `may_read`; `doing` completes "… needs a service token"."""
        if not self.may_read:
            raise AccessDenied(f"{doing} needs a service token with the scope {Scope.READ.value}")

    def require_admin(self, doing: str) -> None:
        """Raise `AccessDenied` unless an admin asks: no scope of a service reaches so far. `doing` as in `require`."""
        if not self.is_admin:
            raise AccessDenied(f"{doing} needs an admin")

    def require(self, scope: Scope, doing: str) -> None:
        """Raise `AccessDenied` unless `may(scope)`; `doing` completes "… needs an admin"."""
        if not self.may(scope):
            raise AccessDenied(f"{doing} needs an admin, or a service token with the scope {scope.value}")
