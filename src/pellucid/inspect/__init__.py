"""Seeing through a network, and proving what it computes."""

from .certificate import Certificate, certify, gradient_check
from .summary import summary
from .table import Row, Summary

__all__ = ["Certificate", "Row", "Summary", "certify", "gradient_check", "summary"]
