"""Recipes: from TOML, checked with the path of what is wrong, and made into an optimiser, a schedule and a loss."""

import pytest

from pellucid import ConfigError
from pellucid.models import mnist_cnn
from pellucid.optim import SGD, Adam, AdamW, Constant, CosineAnnealingLR, OneCycleLR, SequentialLR, StepLR
from pellucid.train import Recipe
from pellucid.train.toml import parse_setting


def test_toml_says_what_differs_from_the_defaults():
    text = 'model = "m"\nsubset = [10, 5]\n[optimizer]\nname = "sgd"\nlr = 1\nmomentum = 0.5\n'
    text += "[loss]\nlabel_smoothing = 0.1"
    recipe = Recipe.from_toml(text)
    assert recipe == Recipe(
        "m", subset=(10, 5), optimizer={"name": "sgd", "lr": 1, "momentum": 0.5}, loss={"label_smoothing": 0.1}
    )


def test_what_is_written_is_what_is_read():
    recipe = Recipe(
        "m", data="/some/folder", subset=(10, 5), clip_norm=0.1 + 0.2, ema=0.999, accumulate=2, patience=3,
        optimizer={"name": "adamw", "lr": 1 / 3, "betas": [0.5, 0.25]},
        schedule={"name": "step", "step_size": 7, "warmup": 2}, loss={"weight": [1.0, 2.5]},
    )  # fmt: skip
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert Recipe.from_toml(recipe.to_toml()).to_dict() == recipe.to_dict()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epochs = 1", "here: model: is missing"),
        ('model = "a"\nepoch = 1', r"here: epoch: unknown; did you mean epochs\?"),
        ('model = "a"\nxyz = 1', "here: xyz: unknown; known are model, data"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = 1\nbeta = 1', r"here: optimizer\.beta: unknown; did you"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = 0.1\nmomentum = 0.9', r"optimizer\.momentum: unknown"),
        ('model = "a"\n[schedule]\nname = "step"\nsize = 1', r"schedule\.size: unknown; did you mean step_size"),
        ('model = "a"\n[loss]\nsmoothing = 1', r"loss\.smoothing: unknown; did you mean label_smoothing"),
        ("model = ", "here: no valid TOML"),
        ('model = "a"\nmodel = "b"', "here: no valid TOML: Cannot overwrite a value"),
        ('model = "a"\nepochs = "5"', "here: epochs: is '5', a whole number is needed"),
        ('model = "a"\nepochs = true', "epochs: is True, a whole number"),
        ('model = "a"\nepochs = 0', "epochs: is 0, at least 1"),
        ('model = "a"\nbatch_size = 0', "batch_size: is 0, at least 1"),
        ('model = "a"\naccumulate = 0', "accumulate: is 0, at least 1"),
        ('model = "a"\nema = "x"', "ema: is 'x', a number is needed"),
        ('model = "a"\nclip_value = false', "clip_value: is False, a number is needed"),
        ('model = "a"\nvalidation = -1', "validation: is -1, at least 0"),
        ('model = "a"\nsubset = [1]', r"subset: is \[1\], two whole numbers"),
        ('model = "a"\nsubset = 5', "subset: is 5, two whole numbers"),
        ('model = "a"\nsubset = [0, 5]', "subset: is .*, two whole numbers from 1"),
        ('model = "a"\nprefetch = 1', "prefetch: is 1, true or false is needed"),
        ('model = "a"\noptimizer = "adam"', "optimizer: is 'adam', a table is needed"),
        ('model = "a"\npatience = 2\nvalidation = 0', "patience: val_loss is to be watched, but validation is 0"),
        ('model = "a"\n[optimizer]\nname = "adam"', r"optimizer\.lr: is None, a finite number above 0"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = 0.0', r"optimizer\.lr: is 0.0, a finite number above 0"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = nan', r"optimizer\.lr: is nan"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = 2020-01-01T00:00:00', r"optimizer\.lr: is datetime"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = "fast"', r"optimizer\.lr: is 'fast'"),
        ('model = "a"\n[optimizer]\nname = "lion"\nlr = 1', r"optimizer\.name: is 'lion', expected adam, adamw, sgd"),
        ('model = "a"\n[schedule]\nname = "steps"', r"schedule\.name: is 'steps', expected constant, cosine"),
        ('model = "a"\nmonitor = "val_acc"', "monitor: is 'val_acc', expected loss, accuracy, val_loss, val_accuracy"),
        ('model = "a"\n[schedule]\nname = "one-cycle"\nmax_lr = 1', r"schedule\.max_lr: unknown"),
        ('model = "a"\n[schedule]\nname = "cosine"\nT_max = 1', r"schedule\.T_max: unknown"),
        ('model = "a"\n[loss]\nweight = "abc"', "loss: makes no CrossEntropyLoss"),
        ('model = "a"\n[loss]\nweight = [[1, 2], [3]]', "loss: makes no CrossEntropyLoss"),
        ('model = "a"\n[loss]\nlabel_smoothing = 2', "label_smoothing"),
        ('model = "a"\nsubset = ' + "[" * 5000, "here: no valid TOML"),
        ('model = "a"\nepochs = ' + "1" * 5000, "here: no valid TOML"),
        ('model = "a"\n[schedule]\nname = "constant"\nwarmup = 0.5', r"schedule\.warmup: is 0.5, a number of steps"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_path(text, words):
    with pytest.raises(ConfigError, match=words):
        Recipe.from_toml(text, "here")


def test_values_are_replaced_by_their_paths():
    recipe = Recipe("m", optimizer={"name": "adam", "lr": 0.5, "betas": [0.5, 0.5]})
    changed = recipe.updated({"optimizer.lr": 0.1, "epochs": 9, "loss.label_smoothing": 0.2})
    assert (changed.optimizer["lr"], changed.optimizer["betas"], changed.epochs) == (0.1, [0.5, 0.5], 9)
    assert changed.loss == {"label_smoothing": 0.2}
    assert recipe.loss == {}, "the recipe itself stays"
    assert recipe.updated({"optimizer.name": "sgd"}).optimizer == {"name": "sgd", "lr": 0.5, "momentum": 0.9}
    assert recipe.updated({"optimizer.name": "adam"}) == recipe
    with pytest.raises(ConfigError, match=r"epochs\.x: epochs is 5, not a table"):
        recipe.updated({"epochs.x": 1})
    with pytest.raises(ConfigError, match=r"optimiser: unknown; did you mean optimizer\?"):
        recipe.updated({"optimiser.lr": 1})


@pytest.mark.parametrize("text", ["epochs", "=3", " = 3"])
def test_a_setting_without_key_or_value(text):
    with pytest.raises(ConfigError, match=f"--set {text}: KEY=VALUE is needed"):
        parse_setting(text)


def test_a_setting_beyond_all_bounds():
    for value in ("[" * 5000, "1" * 5000):
        with pytest.raises(ConfigError, match="--set epochs: no valid value"):
            parse_setting(f"epochs={value}")


def test_a_name_that_is_no_text():
    with pytest.raises(ConfigError, match=r"data: .* is no valid text"):
        Recipe("m", data="folder\udcff")


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
