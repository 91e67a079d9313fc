"""CNN and LeNet among scikit-learn's tools: clone, pipelines, searches, and its own checks of an estimator."""

import os
from math import prod

import numpy as np
import pytest

from pellucid import CNN, LeNet, data

if os.environ.get("PELLUCID_REQUIRE_TORCH"):
    import sklearn
else:
    sklearn = pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)  # 1,797 pictures of 8x8, as rows


def small(**options):
    return CNN(**({"input_shape": (1, 8, 8), "epochs": 2, "learning_rate": 0.005} | options))


def test_clone_and_cross_validation(digits):
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score

    X, y = (part[:600] for part in digits)
    model = small(dropout_rate=0.1)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, X, y, cv=3).min() > 0.7


def test_in_a_pipeline_with_a_search(digits):
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    X, y = (part[:400] for part in digits)
    pipeline = make_pipeline(MinMaxScaler(), small())
    search = GridSearchCV(pipeline, {"cnn__learning_rate": [1e-5, 0.005]}, cv=2).fit(X, y)
    assert search.best_params_ == {"cnn__learning_rate": 0.005}
    assert search.predict(X).shape == (400,)


def test_lenet_in_a_search():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV

    train, _ = data.mnist()
    X, y = train.inputs[:300, 0].reshape(300, 784), train.labels[:300].astype(str)
    model = LeNet(optimizer={"name": "adamw", "weight_decay": 0.1}, init="he_uniform")
    assert clone(model).get_params() == model.get_params()
    search = GridSearchCV(model, {"init": ["small_normal", "orthogonal"]}, cv=2).fit(X, y)
    assert search.best_params_ == {"init": "orthogonal"}
    assert search.score(X, y) > 0.6


class Framed:
    """The checks bring tables of any width: each number of a row becomes a band of the picture, zeros behind them."""

    def _images(self, X):
        array, pixels = np.asarray(X), prod(self.input_shape)
        if array.ndim != 2 or not 0 < array.shape[1] <= 64 or array.dtype.kind == "c" or hasattr(X, "toarray"):
            return super()._images(X)
        bands = np.repeat(array, pixels // array.shape[1], axis=1)
        empty = np.zeros((len(array), pixels - bands.shape[1]), array.dtype)
        return super()._images(np.concatenate([bands, empty], axis=1))


class FramedCNN(Framed, CNN):
    def __init__(self, *, epochs=6, batch_size=16, learning_rate=0.01, random_state=0):
        super().__init__(
            input_shape=(1, 8, 8), epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
            random_state=random_state,
        )  # fmt: skip


class FramedLeNet(Framed, LeNet):
    def __init__(self, *, epochs=4, batch_size=16, learning_rate=0.004, seed=0):
        super().__init__(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed)


# What scikit-learn asks for beyond what makes sense here, and why.
EXCEPTIONS = {
    "check_estimators_unfitted": "the error is of our own kind, not sklearn.exceptions.NotFittedError",
    "check_supervised_y_2d": "a column of labels is taken as it is, without sklearn.exceptions.DataConversionWarning",
    "check_dtype_object": "what is no number is a ConfigError, which is a ValueError; a TypeError is asked for",
    "check_n_features_in": "pictures have a fixed size: that of the frame",
    "check_n_features_in_after_fitting": "the same",
}


@pytest.mark.filterwarnings("ignore:Estimator Framed[A-Za-z]* does not inherit")
@pytest.mark.parametrize("kind", [FramedCNN, FramedLeNet])
def test_scikit_learns_own_checks(kind):
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(kind(), expected_failed_checks=EXCEPTIONS, on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 30
