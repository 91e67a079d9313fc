"""Update rules and schedules, with the names, arguments and trajectories of PyTorch's."""

from .adagrad import Adagrad
from .adam import Adam, AdamW
from .clip import clip_grad_norm
from .one_cycle import OneCycleLR
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .schedule import Constant, CosineAnnealingLR, LinearLR, Schedule, SequentialLR, StepLR
from .sgd import SGD

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Constant",
    "CosineAnnealingLR",
    "LinearLR",
    "OneCycleLR",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm",
]
