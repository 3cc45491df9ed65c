"""Use cases that change the organization; each is one transaction, dated, and destroys nothing."""
