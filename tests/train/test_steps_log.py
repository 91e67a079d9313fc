"""steps.csv: the loss of each step, to the bit, whatever ends the run."""

import pytest

from pellucid import FileError
from pellucid.train import Callback, StepsLog, steps_log
from tests.train.runs import StopAt, make

HEAD = "step,loss\n"


class Losses(Callback):
    def __init__(self):
        self.found = {}

    def on_step_end(self, trainer, means):
        self.found[trainer.step] = trainer.step_loss


@pytest.fixture
def path(tmp_path):
    return tmp_path / "steps.csv"


def fit(points, *callbacks, epochs=1, trainer=None):
    trainer = trainer or make()
    trainer.callbacks = callbacks
    trainer.fit(points, epochs=epochs, batch_size=17)
    return trainer


def test_each_step_to_the_bit(path, points):
    losses = Losses()
    fit(points, losses, StepsLog(path))
    assert StepsLog(path).read() == losses.found
    assert list(losses.found) == [1, 2, 3, 4, 5, 6]
    assert path.read_text().startswith(HEAD)


def test_what_is_behind_the_start_is_cut_off(path, points):
    losses, trainer = Losses(), make()
    fit(points, losses, StepsLog(path), StopAt(4), trainer=trainer)
    path.write_text(path.read_text() + "5,1.0\n6,2")
    fit(points, losses, StepsLog(path), trainer=trainer)
    assert StepsLog(path).read() == losses.found
    assert max(losses.found) == 6


@pytest.mark.parametrize(
    ("content", "found", "words"),
    [
        (HEAD + "1,0.5\n2,0.25\n3,0.1", {1: 0.5, 2: 0.25}, None),
        (HEAD + "1,0.5\nx,0.25\n3,0.1\n", {1: 0.5}, "line 3 is 'x,0.25'"),
        (HEAD + "1\n", {}, "line 2 is '1'"),
        ("loss\n1,0.5\n", {}, "it does not begin with 'step,loss'"),
        ("", {}, "it does not begin with 'step,loss'"),
        (HEAD + "1,ä\n", {}, "cannot be read: 'ascii' codec"),
    ],
)
def test_damage_is_told_or_ends_what_is_read(path, content, found, words):
    path.write_text(content)
    assert StepsLog(path).read(strict=False) == found
    if words is None:
        assert StepsLog(path).read() == found
    else:
        with pytest.raises(FileError, match=words) as raised:
            StepsLog(path).read()
        assert str(raised.value).startswith(f"{path}: ")


def test_nothing_is_no_loss(path):
    assert StepsLog(path).read() == {}


def test_a_file_that_may_not_be_written(path, monkeypatch):
    def refuse(*_):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(steps_log, "write_file", lambda path, content: None)
    monkeypatch.setattr(steps_log.os, "open", refuse)
    with pytest.raises(FileError, match=r"steps.csv: cannot be written: Permission denied"):
        StepsLog(path).on_train_begin(make(), 1, 6)


@pytest.mark.parametrize(("error", "words"), [(5, "Input/output error"), (None, "No space left on device")])
def test_a_disk_that_takes_no_more(path, points, monkeypatch, error, words):
    real = steps_log.os.write

    def some(file, line):
        if error is not None:
            raise OSError(error, words)
        return real(file, line[:3])

    with monkeypatch.context() as patched:
        patched.setattr(steps_log.os, "write", some)
        with pytest.raises(FileError, match=rf"steps.csv: cannot be written: {words}"):
            fit(points, StepsLog(path))


def test_it_is_closed_once(path):
    log, trainer = StepsLog(path), make()
    log.on_train_begin(trainer, 1, 6)
    log.on_train_end(trainer)
    log.on_train_end(trainer)
    with pytest.raises(AssertionError):
        log.on_step_end(trainer, {})
