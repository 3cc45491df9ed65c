"""Every metric of the product's own has a source of measurement."""

from __future__ import annotations

from quotaloom.metrics.commands import BUILT_IN
from quotaloom.metrics.measuring import MEASURED_BY, measured_by


def test_what_every_company_starts_with_is_measured_by_the_product() -> None:
    """None of the first metrics is without a source, and none has one that it does not need."""
    assert {metric.key for metric in BUILT_IN} == set(MEASURED_BY)


def test_a_company_may_say_otherwise() -> None:
    """Its own words come first; a metric that the product does not know has no source but theirs."""
    assert measured_by("revenue", "Invoices") == "Invoices"
    assert measured_by("revenue", None) == "Deals that are won, and orders that are posted"
    assert measured_by("demos", None) is None
