"""Public pools: who may claim what, for how long, and to whom records are handed out."""
