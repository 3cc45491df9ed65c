"""The names of the settings."""

PLUGIN = "quotaloom_plugin"
"""The plugin whose policies are checked, as in its entry point."""

SECONDS = "quotaloom_seconds"
"""Seconds that one call of a policy may take."""

EXAMPLES = "quotaloom_examples"
"""How many requests each policy is asked."""
