"""Recipes: from TOML, checked, and made into an optimiser and a schedule."""

import pytest

from pellucid import ConfigError
from pellucid.models import mnist_cnn
from pellucid.optim import SGD, Adam, Constant, OneCycleLR
from pellucid.train import Recipe


def test_toml_says_what_differs_from_the_defaults():
    recipe = Recipe.from_toml('model = "mnist-cnn"\nlr = 1\noptimizer = "sgd"\nmomentum = 0.5')
    assert recipe == Recipe("mnist-cnn", lr=1, optimizer="sgd", momentum=0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = 0.1", "here: model is missing"),
        ('model = "a"\nrate = 1\nlr = 1', "here: unknown rate; known are model, epochs"),
        ("model = ", "here: no valid TOML"),
        ('model = "a"\nepochs = "5"', "here: epochs is '5', expected int"),
        ('model = "a"\nepochs = true', "epochs is True, expected int"),
        ('model = "a"\nepochs = 0', "epochs is 0, at least 1"),
        ('model = "a"\nbatch_size = 0', "batch_size is 0, at least 1"),
        ('model = "a"\nvalidation = -1', "validation is -1, at least 0"),
        ('model = "a"\nlr = 0.0', "lr is 0.0, a finite number above 0"),
        ('model = "a"\nlr = nan', "lr is nan"),
        ('model = "a"\noptimizer = "lion"', "optimizer is 'lion', expected adam or sgd"),
        ('model = "a"\nschedule = "steps"', "schedule is 'steps', expected constant or one-cycle"),
    ],
)
def test_mistakes_are_named(text, words):
    with pytest.raises(ConfigError, match=words):
        Recipe.from_toml(text, "here")


def test_it_makes_what_it_names():
    model = mnist_cnn().build((1, 28, 28))
    adam = Recipe("m", lr=0.5, schedule="constant").make_optimizer(model)
    sgd = Recipe("m", optimizer="sgd", momentum=0.3).make_optimizer(model)
    assert isinstance(adam, Adam)
    assert isinstance(sgd, SGD)
    assert (adam.lr, sgd.momentum) == (0.5, 0.3)
    assert isinstance(Recipe("m", schedule="constant").make_schedule(adam, 10), Constant)
    cycle = Recipe("m", lr=0.7).make_schedule(adam, 10)
    assert isinstance(cycle, OneCycleLR)
    assert (cycle.max_lr, cycle.total_steps) == (0.7, 10)
    assert cycle.cycle_momentum
    Recipe("m", optimizer="sgd", momentum=0.3).make_schedule(sgd, 10)
    assert sgd.momentum == 0.3, "what the recipe states"
