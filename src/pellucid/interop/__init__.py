"""Networks beside those of other libraries."""

from .torch_twin import has_torch, torch_twin

__all__ = ["has_torch", "torch_twin"]
