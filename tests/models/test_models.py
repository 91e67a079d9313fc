"""The models by name."""

import numpy as np
import pytest

from pellucid import ConfigError, models


@pytest.mark.parametrize("name", models.MODELS)
def test_each_model_runs_and_has_a_recipe(name):
    entry = models.find(name)
    model = entry.make().build(entry.input_shape)
    y = model(np.zeros((2, *entry.input_shape), np.float32))
    assert y.shape == (2, *model.output_shape(entry.input_shape))
    assert models.recipe(name).model == name


def test_an_unknown_model_lists_the_known_ones():
    with pytest.raises(ConfigError, match="model 'resnet': unknown; known are mnist-cnn"):
        models.find("resnet")


def test_a_data_set_may_have_a_recipe_of_its_own():
    assert models.recipe("mnist-cnn", "fashion-mnist").data == "fashion-mnist"
    assert models.recipe("mnist-cnn", "fashion-mnist") != models.recipe("mnist-cnn")
    assert models.recipe("mnist-cnn", "/some/folder") == models.recipe("mnist-cnn") == models.recipe("mnist-cnn", "..")


def test_a_recipe_has_settings_of_its_network():
    recipe = models.recipe("mnist-cnn").updated({"network.dropout": 0.25})
    assert models.network(recipe).dropout.p == 0.25
    assert models.network(models.recipe("mnist-cnn")).dropout.p == 0.5
    for value, words in ((2, "p is 2"), ("much", r"network\.dropout: is 'much', a number is needed")):
        with pytest.raises(ConfigError, match=words):
            models.network(recipe.updated({"network.dropout": value}))
    with pytest.raises(ConfigError, match=r"network\.depth: unknown; known are dropout"):
        models.network(recipe.updated({"network.depth": 3}))
