"""By what others come in than by our own tokens: keys of other systems, and sign-ins elsewhere."""
