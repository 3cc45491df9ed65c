"""Use cases that write funnels, customers and opportunities; each is one transaction."""
