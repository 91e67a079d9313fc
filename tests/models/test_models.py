"""The models by name."""

import numpy as np
import pytest

from pellucid import ConfigError, models, summary


@pytest.mark.parametrize("name", models.MODELS)
def test_each_model_runs_and_has_a_recipe(name):
    entry = models.find(name)
    model = entry.make().build(entry.input_shape)
    y = model(np.zeros((2, *entry.input_shape), np.float32))
    assert y.shape == (2, *model.output_shape(entry.input_shape))
    assert models.recipe(name).model == name


@pytest.mark.parametrize(
    ("name", "parameters"), [("mnist-cnn", 34_826), ("lenet5", 61_706), ("lenet", 44_426), ("scratch2d", 421_642)]
)
def test_each_model_has_the_parameters_it_should(name, parameters):
    assert models.find(name).make().build((1, 28, 28)).parameters().data.size == parameters


def test_the_shapes_within_the_lenets():
    def shapes(name):
        rows = summary(models.find(name).make(), (1, 28, 28)).rows
        return [row.output_shape for row in rows if row.path in ("conv1", "pool1", "conv2", "pool2", "flatten")]

    assert shapes("lenet5") == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,)]
    assert shapes("lenet") == [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4), (256,)]
    assert shapes("scratch2d") == [(32, 28, 28), (32, 14, 14), (64, 14, 14), (64, 7, 7), (3136,)]


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
