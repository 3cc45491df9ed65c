"""What members are told, kept until they have read it."""
