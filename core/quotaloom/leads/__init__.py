"""Leads, levels of customers, duplicates and how they are merged."""
