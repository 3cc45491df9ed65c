"""What members can be told of, in a sentence for people; `details` are the same facts for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of thing that members are told: its sentence names each detail in braces.

    Details are names for people, days as `2026-06-09`, and whole numbers.
    """

    key: str
    sentence: str

    @property
    def details(self) -> frozenset[str]:
        """The names of its details."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.sentence) if name)

    def told(self, details: Mapping[str, Any]) -> str:
        """The sentence with these details."""
        return self.sentence.format(**details)


_ALL = (
    Topic("pool.entered", "New in the pool {pool}: {count}."),
    Topic("pool.recycling_soon", "{record} goes back to the pool {pool} on {on}, if nothing is done about it."),
    Topic("pool.recycled", "{record} went back to the pool {pool}: {reason}."),
    Topic("pool.assigned", "{record} was handed to you by {by}."),
    Topic("pool.assigned_many", "{count} records were handed to you by {by}."),
    Topic("review.waiting", "{form}, {period}: the review of {member} waits for its {step}, until {on}."),
    Topic("review.due_soon", "{form}, {period}: the review of {member} still waits for its {step}, until {on}."),
    Topic("review.overdue", "{form}, {period}: the {step} of the review of {member} was due on {on}."),
    Topic("review.filed", "{form}, {period}: the review of {member} is filed."),
    Topic("statement.paid", "Your statement for {period} is paid: {total} {currency}."),
    Topic("dispute.opened", "{by} contests the statement of {member} for {period}."),
    Topic("dispute.commented", "{by} commented on the dispute of {member} about {period}."),
    Topic("dispute.granted", "{by} granted your dispute about {period}: {reason}."),
    Topic("dispute.refused", "{by} refused your dispute about {period}: {reason}."),
    Topic("action_plan.submitted", "{by} submitted the action plan of {member} for {period}."),
    Topic("action_plan.agreed", "{by} agreed to the action plan of {member} for {period}."),
    Topic("action_plan.returned", "{by} returned the action plan of {member} for {period}: {reason}."),
    Topic("action_plan.commented", "{by} commented on the action plan of {member} for {period}."),
    Topic("action_item.due", "{matter} is due by the end of {on}."),
    Topic("action_item.overdue", "{matter} was due by the end of {on}, and is still to be done."),
)

TOPICS: Final[Mapping[str, Topic]] = MappingProxyType({topic.key: topic for topic in _ALL})
"""Every topic, by its key."""
