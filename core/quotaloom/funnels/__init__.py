"""Funnels and their stages, customers, opportunities and the record of their moves."""
