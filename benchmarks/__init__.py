"""Measurements that `make bench` prints; nothing is asserted here."""
