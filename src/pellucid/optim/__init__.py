"""Update rules and schedules, with the names, arguments and trajectories of PyTorch's."""

from .adam import Adam
from .optimizer import Optimizer
from .schedule import Constant, OneCycleLR, Schedule
from .sgd import SGD

__all__ = ["SGD", "Adam", "Constant", "OneCycleLR", "Optimizer", "Schedule"]
