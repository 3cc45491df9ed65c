"""Entering, changing and leaving of members; each needs an admin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from quotaloom.organizations.commands.terms import require_admin_for_heads_of_root
from quotaloom.organizations.membership import (
    CHANGEABLE,
    NewMember,
    change_member,
    insert_members,
    let_leave,
    let_return,
)
from quotaloom.organizations.stored import LOCK, load_member, only_row
from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def create_member(work: Work, member: NewMember) -> int:
    """Enter a member; returns the id. Raises what `insert_members` raises, without a row number.

    Only an admin enters an admin; a service's scope does not reach that far.
    """
    work.viewer.require(Scope.ORGANIZATION, "entering a member")
    if member.role == "admin":
        work.viewer.require_admin("entering an admin")

    async def apply(transaction: Transaction) -> int:
        with only_row():
            return (await insert_members(transaction, [member]))[0]

    return await work.write(apply)


async def update_member(
    work: Work, member_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change a member's name, email, role or joined_on, those that `changes` holds; see `change_member`.

    Only an admin changes a role, or anything of who is an admin or was one when leaving.
    """
    work.viewer.require(Scope.ORGANIZATION, "changing a member")
    if unknown := set(changes) - set(CHANGEABLE):
        raise ValueError(f"a member has no changeable {', '.join(sorted(unknown))}")
    if "role" in changes:
        work.viewer.require_admin("changing a role")

    async def apply(transaction: Transaction) -> None:
        await _require_admin_for_admins(transaction, work, member_id)
        await change_member(transaction, member_id, changes, expected_version)

    await work.write(apply)


async def leave(work: Work, member_id: int, on: date, expected_version: int | None = None) -> None:
    """Let a member leave; `on` is the first day without him (a business date); see `let_leave`.

    Only an admin lets an admin leave, or who heads the root unit: his headship ends with it.
    """
    work.viewer.require(Scope.ORGANIZATION, "letting a member leave")

    async def apply(transaction: Transaction) -> None:
        await _require_admin_for_admins(transaction, work, member_id)
        await require_admin_for_heads_of_root(transaction, work, member_id, on)
        await let_leave(transaction, member_id, on, expected_version)

    await work.write(apply)


async def rejoin(work: Work, member_id: int, expected_version: int | None = None) -> None:
    """Take a member's leaving back; see `let_return`. Only an admin takes an admin's leaving back."""
    work.viewer.require(Scope.ORGANIZATION, "taking a leaving back")

    async def apply(transaction: Transaction) -> None:
        await _require_admin_for_admins(transaction, work, member_id)
        await let_return(transaction, member_id, expected_version)

    await work.write(apply)


async def _require_admin_for_admins(transaction: Transaction, work: Work, member_id: int) -> None:
    """An admin is changed by admins: a service's scope does not reach that far."""
    await transaction.lock(LOCK)
    if (await load_member(transaction, member_id)).role == "admin":
        work.viewer.require_admin("changing an admin")
