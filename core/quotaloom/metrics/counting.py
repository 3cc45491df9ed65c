"""What counts for a metric: entries of its own, or those of another metric for some products."""

from __future__ import annotations

from dataclasses import dataclass

from asyncpg import Record


@dataclass(frozen=True, slots=True)
class Counting:
    """The entries of the metric `metric_id`: of these products alone, or all of them where `product_ids` is None."""

    metric_id: int
    product_ids: tuple[int, ...] | None = None


def counting_of(metric: Record) -> Counting:
    """What counts for a metric, from its row: of a product or product group, what those products have of the other."""
    if metric["of_metric_id"] is None:
        return Counting(metric["id"])
    return Counting(metric["of_metric_id"], tuple(metric["product_ids"]))


def counts_part_of(metric: Record, whole: Record) -> bool:
    """Whether a metric counts some products of what another one counts."""
    if metric["of_metric_id"] is None or metric["id"] == whole["id"]:
        return False
    if whole["of_metric_id"] is None:
        return bool(metric["of_metric_id"] == whole["id"])
    return metric["of_metric_id"] == whole["of_metric_id"] and set(metric["product_ids"]) <= set(whole["product_ids"])
