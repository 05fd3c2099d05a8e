"""What networks are scored on."""
