"""The training loop and what belongs to it."""

from .callbacks import Callback, ProgressBar
from .history import History
from .metrics import accuracy
from .recipe import Recipe
from .trainer import Trainer
from .weights import digest, load_weights, save_weights

__all__ = [
    "Callback",
    "History",
    "ProgressBar",
    "Recipe",
    "Trainer",
    "accuracy",
    "digest",
    "load_weights",
    "save_weights",
]
