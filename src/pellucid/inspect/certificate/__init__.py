"""Certificates: every gradient checked, by commands that a user can run."""

from .certifier import certify, certify_named, certify_op, gradient_check, names
from .result import CHECKS, Certificate, Finding

__all__ = ["CHECKS", "Certificate", "Finding", "certify", "certify_named", "certify_op", "gradient_check", "names"]
