"""The training loop and what belongs to it."""

from .assemble import Parts, assemble, fingerprint, load_parts
from .bundle import Bundles, read_bundle, replay
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
from .lint import LintWarning, lint, lint_rate
from .lint_rules import Lint
from .lr_finder import LRCurve, lr_find
from .metrics import accuracy, top_k
from .model_info import ModelInfo
from .recipe import Recipe
from .report import EvaluationReport
from .run_folder import RunFolder
from .steps_log import StepsLog
from .trainer import Trainer
from .ulps import Difference
from .verify import Verification, verify_run
from .weights import digest, load_weights, save_weights

__all__ = [
    "Bundles",
    "Callback",
    "Checkpoint",
    "Checkpointer",
    "ClassificationReport",
    "Difference",
    "EarlyStopping",
    "EvaluationReport",
    "Evaluator",
    "History",
    "LRCurve",
    "Lint",
    "LintWarning",
    "ModelInfo",
    "Parts",
    "ProgressBar",
    "Recipe",
    "Reliability",
    "RunFolder",
    "StepsLog",
    "Trainer",
    "Verification",
    "WeightAverage",
    "accuracy",
    "assemble",
    "classification_report",
    "confusion_matrix",
    "digest",
    "environment",
    "expected_calibration_error",
    "fingerprint",
    "lint",
    "lint_rate",
    "load_parts",
    "load_weights",
    "lr_find",
    "newest",
    "read_bundle",
    "read_checkpoint",
    "reliability",
    "replay",
    "restore",
    "save_checkpoint",
    "save_weights",
    "top_k",
    "verify_run",
]
