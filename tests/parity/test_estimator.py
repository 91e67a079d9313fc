"""CNN among scikit-learn's tools: clone, pipelines, searches, and scikit-learn's own checks of an estimator."""

import os

import numpy as np
import pytest

from pellucid import CNN

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


class Framed(CNN):
    """The checks bring tables of any width: each row is laid into a picture of 8x8, zeros behind it."""

    def __init__(self, *, epochs=12, batch_size=16, learning_rate=0.01, random_state=0):
        super().__init__(
            input_shape=(1, 8, 8), epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
            random_state=random_state,
        )  # fmt: skip

    def _images(self, X):
        array = np.asarray(X)
        if array.ndim != 2 or not array.size or array.dtype.kind == "c" or hasattr(X, "toarray"):
            return super()._images(X)
        empty = np.zeros((len(array), 64 - array.shape[1]), array.dtype)
        return super()._images(np.concatenate([array, empty], axis=1))


# What scikit-learn asks for beyond what makes sense here, and why.
EXCEPTIONS = {
    "check_estimators_unfitted": "the error is of our own kind, not sklearn.exceptions.NotFittedError",
    "check_supervised_y_2d": "a column of labels is taken as it is, without sklearn.exceptions.DataConversionWarning",
    "check_dtype_object": "what is no number is a ConfigError, which is a ValueError; a TypeError is asked for",
    "check_n_features_in": "pictures have a fixed size: that of the frame",
    "check_n_features_in_after_fitting": "the same",
}


@pytest.mark.filterwarnings("ignore:Estimator Framed does not inherit")
def test_scikit_learns_own_checks():
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(Framed(), expected_failed_checks=EXCEPTIONS, on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 30
