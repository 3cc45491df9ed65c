"""Figures of funnels for many units or funnels and many periods at once: sums, days, conversion, forecast."""
