"""Where the amounts of metrics come from."""

from __future__ import annotations

from quotaloom.metrics.built_in import BUILT_IN
from quotaloom.metrics.measuring import LONGEST_SOURCE, checked_source, measured_by


def test_what_every_company_starts_with_is_measured_by_the_product() -> None:
    """None of the first metrics is without a source, in words that a company could have entered."""
    for metric in BUILT_IN:
        source = measured_by(metric.key, None)
        assert source
        assert checked_source(source[:LONGEST_SOURCE]) is not None


def test_a_company_may_say_otherwise() -> None:
    """Its own words come first; a metric that the product does not know has no source but theirs."""
    assert measured_by("revenue", "Invoices") == "Invoices"
    assert (
        measured_by("visits", None) == "Visits to customers. A visit that is done posts one; other systems post theirs."
    )
    assert measured_by("demos", None) is None
