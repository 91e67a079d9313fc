import numpy as np
import pytest

from pellucid.data import mnist
from pellucid.nn import Dropout, Linear, ReLU, Sequential
from pellucid.optim import Adam
from pellucid.train import Trainer


@pytest.fixture(scope="session")
def digits():
    """300 training and 100 test images of MNIST."""
    train, test = mnist()
    return train.split(300)[1], test.split(100)[1]


@pytest.fixture
def points():
    """Two classes that a line parts."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((101, 3)).astype(np.float32)
    return x, (x @ [1, -2, 0.5] > 0).astype(np.int64)


@pytest.fixture
def make_trainer():
    def make(seed=0, dtype=np.float32, **settings):
        model = Sequential(Linear(3, 16), ReLU(), Dropout(0.25), Linear(16, 2)).build((3,), seed=seed, dtype=dtype)
        return Trainer(model, Adam(model.parameters(), lr=0.03), seed=seed, **settings)

    return make
