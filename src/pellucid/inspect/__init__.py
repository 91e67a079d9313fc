"""Seeing through a network."""

from .summary import summary
from .table import Row, Summary

__all__ = ["Row", "Summary", "summary"]
