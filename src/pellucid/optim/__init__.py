"""Update rules and schedules, with the names, arguments and trajectories of PyTorch's."""

from .adagrad import Adagrad
from .adam import Adam, AdamW
from .average import MovingAverage
from .clip import clip_grad_norm, clip_grad_value
from .combined import ChainedScheduler, SequentialLR
from .cycles import CosineAnnealingWarmRestarts, CyclicLR
from .decay import CosineAnnealingLR, ExponentialLR, MultiStepLR, PolynomialLR, StepLR
from .finite import all_finite
from .one_cycle import OneCycleLR
from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .rmsprop import RMSprop
from .schedule import Constant, LambdaLR, Schedule
from .sgd import SGD
from .warm_up import ConstantLR, LinearLR

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "ChainedScheduler",
    "Constant",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MovingAverage",
    "MultiStepLR",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "RMSprop",
    "ReduceLROnPlateau",
    "Schedule",
    "SequentialLR",
    "StepLR",
    "all_finite",
    "clip_grad_norm",
    "clip_grad_value",
]
