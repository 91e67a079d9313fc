"""Runs that can be stopped anywhere: six batches an epoch of `points`, with dropout and a schedule."""

from pellucid.nn import Dropout, Linear, Sequential
from pellucid.optim import SGD, Adam, OneCycleLR
from pellucid.train import Callback, Trainer


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer, means):
        if trainer.step == self.step:
            trainer.stop("here")


def make(kind="adam", callbacks=(), schedule=True, seed=0, width=16, **settings):
    model = Sequential(Linear(3, width), Dropout(0.25), Linear(width, 2)).build((3,), seed=seed)
    if kind == "adam":
        optimizer = Adam(model.parameters(), lr=0.03, betas=(0.8, 0.9))
    else:
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    rule = OneCycleLR(optimizer, 0.1, total_steps=18) if schedule else None
    return Trainer(model, optimizer, schedule=rule, seed=seed, callbacks=callbacks, **settings)
