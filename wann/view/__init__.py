"""Drawings, curves and replays."""
