"""The commands of `quotaloom`, a module each."""
