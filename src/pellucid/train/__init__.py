"""The training loop and what belongs to it."""

from .assemble import Parts, assemble, fingerprint, load_parts
from .callbacks import Callback, ProgressBar
from .checkpoint import Checkpoint, read_checkpoint, restore, save_checkpoint
from .checkpointer import Checkpointer, newest
from .early_stopping import EarlyStopping
from .ema import WeightAverage
from .environment import environment
from .evaluator import Evaluator
from .history import History
from .metrics import accuracy
from .model_info import ModelInfo
from .recipe import Recipe
from .run_folder import RunFolder
from .trainer import Trainer
from .weights import digest, load_weights, save_weights

__all__ = [
    "Callback",
    "Checkpoint",
    "Checkpointer",
    "EarlyStopping",
    "Evaluator",
    "History",
    "ModelInfo",
    "Parts",
    "ProgressBar",
    "Recipe",
    "RunFolder",
    "Trainer",
    "WeightAverage",
    "accuracy",
    "assemble",
    "digest",
    "environment",
    "fingerprint",
    "load_parts",
    "load_weights",
    "newest",
    "read_checkpoint",
    "restore",
    "save_checkpoint",
    "save_weights",
]
