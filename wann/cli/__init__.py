"""The ``wann`` command: one file a verb."""
