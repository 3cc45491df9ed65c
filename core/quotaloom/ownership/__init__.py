"""Whose each lead, customer and opportunity is, and the one ledger of how it came there."""
