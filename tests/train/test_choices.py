"""What a recipe names: its optimiser, with groups, its schedule and its loss."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.models import mnist_cnn
from pellucid.optim import (
    SGD,
    Adam,
    AdamW,
    Constant,
    CosineAnnealingLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from pellucid.train import Recipe
from pellucid.train.settings import plain


@pytest.fixture
def model():
    return mnist_cnn().build((1, 28, 28))


def test_it_makes_the_optimiser_that_it_names(model):
    adam = Recipe("m", optimizer={"name": "adam", "lr": 0.5, "betas": [0.1, 0.2]}).make_optimizer(model)
    adamw = Recipe("m", optimizer={"name": "adamw", "lr": 0.5, "weight_decay": 0.1}).make_optimizer(model)
    sgd = Recipe("m", optimizer={"name": "sgd", "lr": 0.1}).make_optimizer(model)
    assert [type(o) for o in (adam, adamw, sgd)] == [Adam, AdamW, SGD]
    assert (adam.lr, adam.betas, adamw.weight_decay, sgd.momentum) == (0.5, (0.1, 0.2), 0.1, 0.9)
    with pytest.raises(ConfigError, match="weight_decay"):
        Recipe("m", optimizer={"name": "adam", "lr": 0.1, "weight_decay": -1}).make_optimizer(model)
    for name, value, words in (
        ("eps", "small", r"optimizer\.eps: is 'small', a number is needed"),
        ("eps", float("inf"), r"optimizer\.eps: is inf, a finite number is needed"),
        ("betas", 0.9, "betas"),
        ("weight_decay", True, r"optimizer\.weight_decay: is True, a number"),
    ):
        with pytest.raises(ConfigError, match=words):
            Recipe("m", optimizer={"name": "adam", "lr": 0.1, name: value}).make_optimizer(model)
    with pytest.raises(ConfigError, match=r"optimizer\.nesterov: is 'no', true or false is needed"):
        Recipe("m", optimizer={"name": "sgd", "lr": 0.1, "nesterov": "no"}).make_optimizer(model)


def schedule(model, steps=10, optimizer="adam", **table):
    recipe = Recipe("m", optimizer={"name": optimizer, "lr": 0.5}, schedule=table)
    return recipe.make_schedule(recipe.make_optimizer(model), steps)


def test_it_makes_the_schedule_that_it_names(model):
    cycle = schedule(model, name="one-cycle", pct_start=0.5)
    assert (type(cycle), cycle.max_lr, cycle.total_steps, cycle.pct_start) == (OneCycleLR, 0.5, 10, 0.5)
    assert cycle.cycle_momentum
    assert not schedule(model, optimizer="sgd", name="one-cycle").cycle_momentum, "SGD's is what the recipe states"
    assert type(schedule(model, name="constant")) is Constant
    cosine = schedule(model, name="cosine")
    assert (type(cosine), cosine.T_max) == (CosineAnnealingLR, 10)
    step = schedule(model, name="step", step_size=4, gamma=0.5)
    assert [type(step), *(step.lr(i) for i in (3, 4, 8))] == [StepLR, 0.5, 0.25, 0.125]
    with pytest.raises(ConfigError, match=r"schedule\.step_size: is missing; after how many optimiser steps"):
        schedule(model, name="step")
    with pytest.raises(ConfigError, match=r"gamma 1e\+300 the rate of step 9 is beyond all numbers"):
        schedule(model, name="step", step_size=4, gamma=1e300).lr(8)


def test_it_makes_the_other_schedules(model):
    multi = schedule(model, name="multi-step", milestones=[3, 5], gamma=0.5)
    assert [multi.lr(i) for i in (2, 3, 5)] == [0.5, 0.25, 0.125]
    assert schedule(model, name="exponential", gamma=0.5).lr(2) == 0.125
    polynomial = schedule(model, name="polynomial", power=2.0, warmup=5)
    assert [polynomial.lr(i) for i in (5, 10)] == [0.5, 0.0]
    restarts = schedule(model, name="cosine-restarts", T_0=4)
    assert [restarts.lr(i) for i in (0, 2, 4)] == pytest.approx([0.5, 0.25, 0.5])
    cyclic = schedule(model, name="cyclic", base_lr=0.1, step_size_up=4)
    assert [cyclic.lr(i) for i in (0, 4, 8)] == pytest.approx([0.1, 0.5, 0.1])
    assert cyclic.cycle_momentum
    assert not schedule(model, optimizer="rmsprop", name="cyclic", base_lr=0.1, step_size_up=4).cycle_momentum
    plateau = schedule(model, name="plateau", patience=1)
    assert (type(plateau), plateau.monitor, plateau.mode, plateau.patience) == (ReduceLROnPlateau, "val_loss", "min", 1)
    assert schedule(model, name="plateau", monitor="val_accuracy").mode == "max"


def test_groups_of_a_recipe(model):
    text = 'model = "m"\n[optimizer]\nname = "rmsprop"\nlr = 0.5\nweight_decay = 0.1\n'
    text += '[[optimizer.groups]]\nmatch = "*.bias"\nweight_decay = 0\n'
    text += '[[optimizer.groups]]\nmatch = ["conv1.*"]\nlr_factor = 0.1'
    recipe = Recipe.from_toml(text)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    optimizer = recipe.make_optimizer(model)
    assert optimizer.groups == ({"match": "*.bias", "weight_decay": 0}, {"match": ["conv1.*"], "lr_factor": 0.1})
    other = Recipe("m", optimizer={"name": "adam", "lr": 1, "groups": [{"match": "conv9.*", "lr_factor": 2}]})
    with pytest.raises(ConfigError, match=r"groups\[0\]: match: no parameter is called 'conv9.\*'; there are conv1"):
        other.make_optimizer(model)


def test_betas_that_are_set_are_not_moved_by_a_cycle(model):
    recipe = Recipe("m", optimizer={"name": "adam", "lr": 0.5, "betas": [0.1, 0.2]})
    optimizer = recipe.make_optimizer(model)
    recipe.make_schedule(optimizer, 10)
    assert optimizer.betas == (0.1, 0.2)


def test_warmup_rises_to_where_the_schedule_begins(model):
    warm = schedule(model, name="step", step_size=3, warmup=4)
    assert type(warm) is SequentialLR
    assert [warm.lr(i) for i in range(8)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.05])
    cosine = schedule(model, name="cosine", warmup=4)
    assert [cosine.lr(i) for i in (3, 4, 7)] == pytest.approx([0.4, 0.5, 0.25])
    with pytest.raises(ConfigError, match=r"schedule\.warmup: is 10 steps, the whole run has 10"):
        schedule(model, name="cosine", warmup=10)


def test_it_makes_the_loss():
    loss = Recipe("m", loss={"label_smoothing": 0.1, "weight": [1.0, 2.0]}).make_loss()
    assert loss.label_smoothing == 0.1
    assert list(loss.weight) == [1, 2]
    with pytest.raises(ConfigError, match="label_smoothing"):
        Recipe("m", loss={"label_smoothing": 2}).make_loss()


def test_arrays_and_functions_become_plain():
    found = plain({"a": np.arange(3), "b": np.float32(0.5), "c": (1, [np.True_]), "d": plain})
    assert found == {"a": [0, 1, 2], "b": 0.5, "c": [1, [True]], "d": "plain"}
