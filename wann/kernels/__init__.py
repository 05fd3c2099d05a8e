"""Jitted functions: arrays and NamedTuples in and out."""
