"""Targets of a plan out to a spreadsheet, and back in."""
