"""Runs with a plateau, groups and frozen layers go on from a checkpoint, bit for bit."""

import pytest

from pellucid import ConfigError, FileError
from pellucid.nn import Dropout, Linear, ReLU, Sequential
from pellucid.optim import Adam, LambdaLR, LinearLR, ReduceLROnPlateau, SequentialLR
from pellucid.train import Callback, Trainer, digest, read_checkpoint, restore, save_checkpoint
from pellucid.train.checkpoint import checkpoint_bytes
from tests.train.runs import StopAt

GROUPS = [{"match": "*.bias", "weight_decay": 0.0}, {"match": "3.*", "lr_factor": 0.5}]


class Thaw(Callback):
    def on_epoch_begin(self, trainer, epoch):
        if epoch == 3:
            trainer.model.unfreeze()


def make(callbacks=(), groups=GROUPS, schedule="plateau"):
    model = Sequential(Linear(3, 8), ReLU(), Dropout(0.25), Linear(8, 2)).build((3,), seed=1)
    optimizer = Adam(model.parameters(), 0.05, weight_decay=0.01, groups=groups)
    model[0].freeze()
    if schedule == "plateau":
        plateau = ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=0.3, threshold_mode="abs")
        rule = SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=4), plateau], [4])
    else:
        rule = LambdaLR(optimizer, schedule)
    return Trainer(model, optimizer, schedule=rule, seed=1, clip_norm=1.0, callbacks=[Thaw(), *callbacks])


@pytest.mark.parametrize("step", [3, 6, 13, 18, 25])
def test_it_goes_on_as_if_nothing_had_been(tmp_path, points, step):
    """Stopped before and after the first layer was unfrozen, within epochs and at their ends; six batches each."""
    whole = make()
    whole.fit(points, 6, validation=points, batch_size=18)
    assert len(set(whole.history["lr"])) > 2, "the plateau was reached"
    assert whole.optimizer.missed == {"0.weight": 12, "0.bias": 12}
    cut = make([StopAt(step)])
    cut.fit(points, 6, validation=points, batch_size=18)
    save_checkpoint(cut, tmp_path / "c")
    again = make()
    restore(again, read_checkpoint(tmp_path / "c"))
    again.fit(points, 6 - again.epoch, validation=points, batch_size=18)
    assert (digest(again.model), again.history.rows) == (digest(whole.model), whole.history.rows)
    assert checkpoint_bytes(again) == checkpoint_bytes(whole)


def test_other_groups_and_other_functions_are_refused(tmp_path):
    def half(step):
        return 0.5

    def third(step):
        return 1 / 3

    save_checkpoint(make(schedule=half), tmp_path / "c")
    restore(make(schedule=half), read_checkpoint(tmp_path / "c"))
    with pytest.raises(FileError, match=r"groups is \[.*\], this trainer's \[\]"):
        restore(make(groups=[], schedule=half), read_checkpoint(tmp_path / "c"))
    with pytest.raises(FileError, match=r"schedule is .*half.* this trainer's .*third"):
        restore(make(schedule=third), read_checkpoint(tmp_path / "c"))


def test_a_plateau_without_what_it_watches(points):
    with pytest.raises(ConfigError, match="'val_loss' is not measured; measured are epoch, lr, loss, accuracy; give"):
        make().fit(points, 1)
