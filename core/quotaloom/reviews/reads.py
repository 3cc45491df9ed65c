"""Forms, cycles and reviews for the graph: flat rows, one statement for any number of them."""

from __future__ import annotations

from quotaloom.reviews.filed import filed_reviews as filed_reviews
