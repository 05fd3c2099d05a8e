"""Weights for a structure, and the scores that come of them."""
