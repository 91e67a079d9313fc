"""Trainer: the loop over epochs and batches, what is measured on the way, and who hears of it."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from .._core.errors import ConfigError
from ..data import Loader
from ..nn import Loss, Module
from ..optim import Optimizer, Schedule
from .accumulate import groups
from .batches import Data, Given, as_batches, count
from .callbacks import Callback
from .history import History
from .lint import warn_of_mistakes
from .metrics import Means, Metric
from .stepper import Stepper


class Trainer(Stepper):
    """Trains, evaluates and applies one model.

    Parameters
    ----------
    model : Module
        Built: ``model.build(input_shape, seed)``.
    optimizer : Optimizer
        Made for ``model.parameters()``.
    loss : Loss, optional
        CrossEntropyLoss by default.
    schedule : Schedule, optional
        Sets the learning rate of each step; without it the rate stays.
    metrics : mapping of name to function, optional
        (logits, targets) -> one value for each sample; by default accuracy with a CrossEntropyLoss, else none.
    seed : int
        Dropout masks are functions of (seed, step); the order of the samples, where `fit` makes the batches,
        of (seed, epoch).
    clip_norm : float, optional
        Scale a gradient whose norm over all parameters is larger down to it.
    clip_value : float, optional
        Bring each number of the gradient that is larger in size down to it, before `clip_norm` looks.
    accumulate : int
        How many batches make one optimiser step, with the gradient of one large batch of all their samples.
        Schedules and `step` count optimiser steps; an epoch ends with a step on what is left.
        Layers that look at a batch as a whole (batch-norm) see the small ones.
    ema : float, optional
        Keep an exponential moving average of the weights with this decay, such as 0.999, see `WeightAverage`.
        Training, and so `loss`, is of the plain weights; validation, `evaluate` and `predict` are of the average,
        which the model itself holds too, but for the length of an epoch's steps (and so in `on_step_end`).
    callbacks : sequence of Callback
    lint : bool
        Whether `fit` warns, before the first step of all, of what is likely to be a mistake in network, data and
        settings; see `pellucid.train.lint`.

    Attributes
    ----------
    history : History
    epoch, step : int
        How many epochs and steps were done.
    step_loss : float
        Of the last step's (last) batch, before the step.
    batch : int
        How many batches of the epoch under way were done; 0 between epochs.
    stopped : str or None
        Why the last `fit` ended before its time, as `stop` was told.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32)
    >>> model = Sequential(Linear(2, 2)).build((2,), seed=0)
    >>> trainer = Trainer(model, Adam(model.parameters(), lr=0.1))
    >>> history = trainer.fit((x, (x[:, 0] > 0).astype(int)), epochs=20)
    >>> history["accuracy"][-1] > 0.9
    True
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Loss | None = None,
        *,
        schedule: Schedule | None = None,
        metrics: Mapping[str, Metric] | None = None,
        seed: int = 0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        ema: float | None = None,
        callbacks: Sequence[Callback] = (),
        lint: bool = True,
    ) -> None:
        super().__init__(
            model,
            optimizer,
            loss,
            schedule=schedule,
            metrics=metrics,
            seed=seed,
            clip_norm=clip_norm,
            clip_value=clip_value,
            accumulate=accumulate,
            ema=ema,
        )
        self.callbacks, self.lint = tuple(callbacks), lint
        self.history, self.epoch, self.batch = History(), 0, 0
        self.means = Means()  # over the batches of the epoch under way
        self.stopped: str | None = None

    def fit(self, data: Data, epochs: int, *, validation: Data | None = None, batch_size: int = 64) -> History:
        """Train for `epochs` more epochs; return the history of all.

        An epoch that was stopped on its way goes on with its next batch, and counts as the first of `epochs`.

        Parameters
        ----------
        data : Loader, Dataset, (inputs, labels), or an iterable of batches
            Of a Dataset or a pair, batches of `batch_size` are shuffled by the trainer's seed.
            An iterable is walked over once an epoch.
        epochs : int
        validation : as data, optional
            Measured after each epoch.
        batch_size : int

        Raises
        ------
        NonFiniteError
            If the loss or a gradient is no longer finite.  The model keeps the weights and running statistics that it
            had before that step; the message says which layer made the number, and from what.
        """
        self.stopped = None  # first of all: a signal may come at any moment
        if epochs < 0:
            raise ConfigError(f"fit: epochs is {epochs}, a number from 0 is needed")
        batches = as_batches(data, batch_size, shuffle=True, seed=self.seed, normalize=self.normalize)
        steps = count(batches)
        if self.schedule is not None and epochs and steps:  # one that ends too early says so before anything moves
            done, whole_epoch = (-(-batches // self.accumulate) for batches in (self.batch, steps))
            self.schedule.lr(self.step - done + epochs * whole_epoch - 1)
        if isinstance(batches, Loader):
            self.normalize = batches.dataset.normalize
        held_out = None if validation is None else self._batches(validation)
        if self.lint and not self.step and epochs:
            warn_of_mistakes(self, batches)
        with ExitStack() as ending:
            self._end_backward()
            ending.callback(self.model.release)
            ending.callback(self.model.require_input_grad, True)
            for callback in self.callbacks:
                callback.on_train_begin(self, epochs, steps)
                ending.callback(callback.on_train_end, self)
            for _ in range(epochs):
                if self.stopped is None:
                    self._train_epoch(batches, held_out)
        return self.history

    def stop(self, reason: str) -> None:
        """Let `fit` end after the step, or the epoch, that is under way; for callbacks and signal handlers."""
        self.stopped = reason

    def _end_backward(self) -> None:
        """Let backward end at the first layer that is trained."""
        self._frozen = self.model.parameters().frozen
        self.model.require_input_grad(False)

    def _train_epoch(self, batches: Loader | Given, held_out: Loader | Given | None) -> None:
        if not self.batch:
            self.means = Means()
        for callback in self.callbacks:
            callback.on_epoch_begin(self, self.epoch + 1)
        self.model.train()
        with self.trained_weights():
            for group in groups(batches.batches(self.epoch, self._dtype, self.batch), self.accumulate):
                if self._frozen != self.model.parameters().frozen:  # a callback froze or unfroze: it ends elsewhere
                    self._end_backward()
                for values, weights in self.take_step(group):
                    self.means.update(values, weights)
                    self.batch += 1
                for callback in self.callbacks:
                    callback.on_step_end(self, self.means.result())
                if self.stopped is not None:  # perhaps by a signal, which no callback has seen yet
                    for callback in self.callbacks:
                        callback.on_stop(self)
                    return
        row = {"epoch": self.epoch + 1, "lr": self.optimizer.lr, **self.means.result()}
        if held_out is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(held_out).items()}
        self.history.append(row)
        if self.schedule is not None:
            self.schedule.measured(self.history.rows)
        self.epoch, self.batch = self.epoch + 1, 0
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)
