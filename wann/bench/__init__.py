"""Speed, measured beside a reference."""
