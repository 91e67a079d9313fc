"""Update rules and schedules, with the names, arguments and trajectories of PyTorch's."""

from .adam import Adam, AdamW
from .average import MovingAverage
from .clip import clip_grad_norm, clip_grad_value
from .one_cycle import OneCycleLR
from .optimizer import Optimizer
from .schedule import Constant, CosineAnnealingLR, LinearLR, Schedule, SequentialLR, StepLR
from .sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "CosineAnnealingLR",
    "LinearLR",
    "MovingAverage",
    "OneCycleLR",
    "Optimizer",
    "Schedule",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm",
    "clip_grad_value",
]
