"""Network: layers added one by one, then compile, train, predict."""

from .epoch_checkpoints import EpochCheckpoints
from .network import Network

__all__ = ["EpochCheckpoints", "Network"]
