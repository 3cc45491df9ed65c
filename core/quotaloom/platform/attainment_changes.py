"""What a transaction tells boards: whose attainment, of which metrics, may be another after its commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson

CHANNEL: Final = "quotaloom_attainment"
"""The PostgreSQL channel on which every commit that changes attainment notifies all serving processes."""

LARGEST_PAYLOAD: Final = 7900
"""Bytes; PostgreSQL takes fewer than 8000."""

Numbers = frozenset[int] | None
"""Ids, or None for all that there are."""


@dataclass(frozen=True, slots=True)
class AttainmentChange:
    """Units and metrics of one company whose attainment may have changed; None stands for all of them.

    The units are those that the change is entered at, such as positions: all above them are meant too.
    """

    metric_ids: Numbers = None
    unit_ids: Numbers = None

    def joined(self, other: AttainmentChange) -> AttainmentChange:
        """Both together, as one change of every unit and metric that either names."""
        return AttainmentChange(_both(self.metric_ids, other.metric_ids), _both(self.unit_ids, other.unit_ids))

    def payload(self, company_id: int) -> str:
        """What is notified. Where the ids would not fit, it says all."""
        units = _written(company_id, self.metric_ids, self.unit_ids)
        if len(units) <= LARGEST_PAYLOAD:
            return units
        metrics = _written(company_id, self.metric_ids, None)
        return metrics if len(metrics) <= LARGEST_PAYLOAD else _written(company_id, None, None)


def change_of(metric_ids: Iterable[int] | None = None, unit_ids: Iterable[int] | None = None) -> AttainmentChange:
    """A change of these metrics and units; None means all."""
    return AttainmentChange(*(None if ids is None else frozenset(ids) for ids in (metric_ids, unit_ids)))


def read_payload(payload: str) -> tuple[int, AttainmentChange]:
    """The company and the change of a notification; raises `ValueError` for what is none."""
    company_id, metric_ids, unit_ids = orjson.loads(payload)
    return company_id, change_of(metric_ids, unit_ids)


def _both(one: Numbers, other: Numbers) -> Numbers:
    return None if one is None or other is None else one | other


def _written(company_id: int, metric_ids: Numbers, unit_ids: Numbers) -> str:
    ids = [None if numbers is None else sorted(numbers) for numbers in (metric_ids, unit_ids)]
    return orjson.dumps([company_id, *ids]).decode()
