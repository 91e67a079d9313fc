"""ProgressBar: a bar on a terminal, one line for each epoch elsewhere."""

import io
import re

from pellucid.train import Callback, ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_one_line_for_each_epoch_where_there_is_no_terminal(make_trainer, points):
    out = io.StringIO()
    make_trainer(callbacks=[progress := ProgressBar(out)]).fit(points, 2, validation=points)
    lines = out.getvalue().splitlines()
    number = r"\d+\.\d+"
    row = rf"loss {number}  accuracy {number} %  val_loss {number}  val_accuracy {number} %  {number} s"
    assert len(lines) == 2
    assert re.fullmatch(rf"epoch 1/2  {row}", lines[0])
    assert re.fullmatch(rf"epoch 2/2  {row}", lines[1])
    assert len(progress.seconds) == 2


def test_a_live_bar_on_a_terminal(make_trainer, points):
    out = Terminal()
    make_trainer(callbacks=[ProgressBar(out)]).fit(points, 1, batch_size=10)
    assert "epoch 1/1:   0%" in out.getvalue()
    assert "\r" in out.getvalue()


def test_a_second_fit_counts_on(make_trainer, points):
    out = io.StringIO()
    trainer = make_trainer(callbacks=[ProgressBar(out)])
    trainer.fit(points, 1)
    trainer.fit(points, 1)
    assert [line.split()[1] for line in out.getvalue().splitlines()] == ["1/1", "2/2"]


def test_a_terminal_that_goes_away_ends_no_run(make_trainer, points):
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(5, "Input/output error")

        def isatty(self):
            return True

    trainer = make_trainer(callbacks=[ProgressBar(Gone())])
    trainer.fit(points, epochs=2, batch_size=32)
    assert trainer.epoch == 2


def test_a_callback_keeps_nothing_unless_it_says_so():
    assert Callback().state_dict() == {}
