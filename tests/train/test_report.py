"""Evaluator.report: one pass, and each figure is that of the function which computes it alone."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.nn import CrossEntropyLoss, Linear, Sequential
from pellucid.train import (
    EvaluationReport,
    Evaluator,
    accuracy,
    classification_report,
    confusion_matrix,
    expected_calibration_error,
    top_k,
)


def everything(**settings):
    return {"metrics": {"accuracy": accuracy, "top_1": top_k(1), "top_2": top_k(2)}, **settings}


@pytest.mark.parametrize("ema", [None, 0.9])
@pytest.mark.parametrize("loss", [CrossEntropyLoss(), CrossEntropyLoss(weight=[1, 3], label_smoothing=0.1)])
def test_the_last_validation_is_evaluate_and_the_report_to_the_bit(make_trainer, points, loss, ema):
    trainer = make_trainer(loss=loss, ema=ema, **everything())
    row = trainer.fit(points, 2, validation=points).rows[-1]
    validated = {name.removeprefix("val_"): value for name, value in row.items() if name.startswith("val_")}
    assert list(validated) == ["loss", "accuracy", "top_1", "top_2"]
    assert trainer.evaluate(points) == trainer.report(points).metrics == validated
    assert validated["top_1"] == validated["accuracy"]
    assert validated["top_2"] == 1


def test_it_is_what_each_function_says(make_trainer, points):
    trainer = make_trainer()
    trainer.fit(points, 2)
    x, labels = points
    p = trainer.predict(x)
    report = trainer.report([(x[:60], labels[:60]), (x[60:], labels[60:])], ["no", "yes"])
    assert np.array_equal(report.confusion, confusion_matrix(labels, p.argmax(axis=1), 2))
    assert str(report.classes) == str(classification_report(labels, p.argmax(axis=1), ["no", "yes"]))
    assert report.reliability.error == expected_calibration_error(p, labels)
    assert report.classes.accuracy == report.metrics["accuracy"]
    text = str(report)
    assert "true \\ predicted" in text
    assert "yes" in text
    assert f"expected calibration error {report.reliability.error:.4f}" in text
    assert {"loss", "accuracy", "confusion", "report", "calibration"} == report.to_dict().keys()


def test_probabilities_as_targets_are_labels(make_trainer, points):
    trainer = make_trainer()
    soft = np.eye(2, dtype=np.float32)[points[1]] * 0.8 + 0.1
    assert np.array_equal(trainer.report((points[0], soft)).confusion, trainer.report(points).confusion)


def test_names_that_do_not_fit(make_trainer, points):
    with pytest.raises(ConfigError, match="report: 3 class names, the network tells 2 classes apart"):
        make_trainer().report(points, ["a", "b", "c"])


def test_it_looks_at_the_data_once(points):
    class Once:
        def __init__(self):
            self.walks = 0

        def __iter__(self):
            self.walks += 1
            yield points

    model, data = Sequential(Linear(3, 2)).build((3,)), Once()
    assert isinstance(Evaluator(model).report(data), EvaluationReport)
    assert data.walks == 1
