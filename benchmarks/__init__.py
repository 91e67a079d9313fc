"""Measurements against peers: ratios from one interleaved run, never lone times."""
