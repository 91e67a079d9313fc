"""Recipes: from TOML, checked with the path of what is wrong, and made into an optimiser, a schedule and a loss."""

import pytest

from pellucid import ConfigError
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
        ('model = "a"\n[optimizer]\nname = "lion"\nlr = 1', r"optimizer\.name: is 'lion', expected adagrad, adam"),
        ('model = "a"\n[schedule]\nname = "steps"', r"schedule\.name: is 'steps', expected constant, cosine"),
        ('model = "a"\nmonitor = "val_acc"', "monitor: is 'val_acc', expected loss, accuracy, val_loss, val_accuracy"),
        ('model = "a"\n[schedule]\nname = "one-cycle"\nmax_lr = 1', r"schedule\.max_lr: unknown"),
        ('model = "a"\n[schedule]\nname = "cosine"\nT_max = 1', r"schedule\.T_max: unknown"),
        ('model = "a"\n[loss]\nweight = "abc"', "loss: makes no CrossEntropyLoss"),
        ('model = "a"\n[loss]\nweight = [[1, 2], [3]]', "loss: makes no CrossEntropyLoss"),
        ('model = "a"\n[loss]\nlabel_smoothing = 2', "label_smoothing"),
        ('model = "a"\nsubset = ' + "[" * 5000, "here: no valid TOML"),
        ('model = "a"\nepochs = ' + "1" * 5000, "here: no valid TOML"),
        ('model = "a"\n[schedule]\nname = "exponential"', r"here: schedule\.gamma: is missing; by which factor"),
        ('model = "a"\n[schedule]\nname = "multi-step"', r"schedule\.milestones: is missing; after which optimiser"),
        ('model = "a"\n[schedule]\nname = "cyclic"', r"schedule\.base_lr: is missing; from which rate"),
        ('model = "a"\n[schedule]\nname = "cosine-restarts"', r"schedule\.T_0: is missing"),
        ('model = "a"\n[schedule]\nname = "polynomial"\ntotal_iters = 1', r"schedule\.total_iters: unknown"),
        ('model = "a"\n[schedule]\nname = "plateau"\nmonitor = "f1"', r"schedule\.monitor: is 'f1', expected loss"),
        ('model = "a"\nvalidation = 0\n[schedule]\nname = "plateau"', r"schedule\.monitor: val_loss is to be watched"),
        ('model = "a"\n[optimizer]\nname = "rmsprop"\nlr = 1\nalfa = 1', r"optimizer\.alfa: unknown; did you mean"),
        ('model = "a"\n[optimizer]\nname = "adam"\nlr = 1\ngroups = 3', r"optimizer\.groups: is 3, tables are needed"),
        (
            'model = "a"\n[optimizer]\nname = "adam"\nlr = 1\n[[optimizer.groups]]\nmatch = "*"\nweight_dekay = 0',
            r"optimizer\.groups\[0\]\.weight_dekay: unknown; did you mean weight_decay\?",
        ),
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


def test_a_value_that_no_file_can_hold():
    with pytest.raises(ConfigError, match=r"recipe: .*NoneType.*; leave out what has no value"):
        Recipe("a", optimizer={"name": "sgd", "lr": 0.1, "groups": [{"match": "*", "lr_factor": None}]})
