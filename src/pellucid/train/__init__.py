"""The training loop and what belongs to it."""

from .assemble import Parts, assemble, fingerprint, load_parts
from .calibration import Reliability, expected_calibration_error, reliability
from .callbacks import Callback, ProgressBar
from .checkpoint import Checkpoint, read_checkpoint, restore, save_checkpoint
from .checkpointer import Checkpointer, newest
from .classification import ClassificationReport, classification_report, confusion_matrix
from .early_stopping import EarlyStopping
from .ema import WeightAverage
from .environment import environment
from .evaluator import Evaluator
from .history import History
from .lr_finder import LRCurve, lr_find
from .metrics import accuracy, top_k
from .model_info import ModelInfo
from .recipe import Recipe
from .report import EvaluationReport
from .run_folder import RunFolder
from .trainer import Trainer
from .weights import digest, load_weights, save_weights

__all__ = [
    "Callback",
    "Checkpoint",
    "Checkpointer",
    "ClassificationReport",
    "EarlyStopping",
    "EvaluationReport",
    "Evaluator",
    "History",
    "LRCurve",
    "ModelInfo",
    "Parts",
    "ProgressBar",
    "Recipe",
    "Reliability",
    "RunFolder",
    "Trainer",
    "WeightAverage",
    "accuracy",
    "assemble",
    "classification_report",
    "confusion_matrix",
    "digest",
    "environment",
    "expected_calibration_error",
    "fingerprint",
    "load_parts",
    "load_weights",
    "lr_find",
    "newest",
    "read_checkpoint",
    "reliability",
    "restore",
    "save_checkpoint",
    "save_weights",
    "top_k",
]
