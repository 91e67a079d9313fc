"""Seeing through a network, and proving what it computes."""

from typing import TYPE_CHECKING, Any

from .summary import summary
from .table import Row, Summary

if TYPE_CHECKING:
    from .certificate import Certificate, certify, gradient_check

__all__ = ["Certificate", "Row", "Summary", "certify", "gradient_check", "summary"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import certificate  # tables of cases, which few need

    return getattr(certificate, name)
