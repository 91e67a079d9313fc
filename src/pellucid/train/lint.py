"""Lint: what is likely to be a mistake in a network, its data and its settings, told before the first step.

Each finding has a code, what was found, why it matters, and what to do.  Nothing is changed; a step on one batch is
tried with a copy of the network.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from .._core.errors import PellucidError
from ..data import Dataset, Loader
from . import lint_rules as rules
from .batches import Data, Given, as_batches
from .lint_rules import Lint

if TYPE_CHECKING:
    from .trainer import Trainer

CODES = {
    "L101": "softmax before cross-entropy",
    "L102": "an activation after the last layer",
    "L201": "inputs are not scaled",
    "L202": "inputs do not vary",
    "L203": "inputs are not finite",
    "L301": "class numbers as floats",
    "L302": "class numbers as quantities",
    "L303": "labels beyond the network's outputs",
    "L304": "a class without samples",
    "L305": "samples in the order of their classes",
    "L401": "batch-norm over a single sample",
    "L501": "a parameter without gradient",
    "L502": "dead ReLUs",
    "L601": "a learning rate out of proportion",
}
"""What each code stands for."""


ENDS = ("L203", "L301", "L302", "L303")
"""What training itself refuses, in the first step."""


class LintWarning(UserWarning):
    """What `fit` warns of before the first step."""


def lint(
    trainer: "Trainer", data: Data, batch_size: int = 64, *, trial: bool = True, range_test: bool = False
) -> list[Lint]:
    """Return what is likely to be a mistake, in the order of `CODES`; an empty list is a good sign and no proof.

    Parameters
    ----------
    trainer : Trainer
        It stays as it is.
    data, batch_size
        As `Trainer.fit` takes them; of an iterable nothing but the first batch is looked at, once.
    trial : bool
        Whether to try a step on one batch with a copy of the network: finds what has no gradient, and dead ReLUs.
    range_test : bool
        Whether to look for a learning rate with `lr_find`, some hundred steps, and compare the optimiser's with it.

    Examples
    --------
    >>> model = Sequential(Linear(2, 3), ReLU(), Linear(3, 2), Softmax()).build((2,), seed=0)
    >>> trainer = Trainer(model, Adam(model.parameters()))
    >>> x = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    >>> print(lint(trainer, (x, np.array([0, 1] * 4)))[0])
    L101 Softmax '3' stands before CrossEntropyLoss, which contains it: gradients get small; leave the layer out
    """
    batches = as_batches(data, batch_size, shuffle=True, seed=trainer.seed, normalize=trainer.normalize)
    dtype = trainer.model.parameters().data.dtype
    if isinstance(batches, Loader):  # without augmentation: it is the data that are looked at
        dataset: Dataset | None = batches.dataset
        x, labels = batches.dataset.batch(batches.indices(0)[0], dtype)
    else:
        dataset, (x, labels, *_) = None, next(iter(batches.batches(0, dtype)))
    found = [
        *rules.last_layer(trainer.model, trainer.loss),
        *rules.inputs(x),
        *rules.labels(trainer, x, labels, dataset),
        *rules.order(batches),
        *rules.norms(trainer.model, len(x), x),
    ]
    if trial and np.isfinite(x).all():
        found += rules.trial(trainer, x, labels)
    if range_test and not {finding.code for finding in found} & {*ENDS}:
        from .lr_finder import lr_find  # which trains, and so stands above

        found += lint_rate(trainer, lr_find(trainer, batches).suggestion)
    return sorted(found, key=lambda finding: finding.code)


def warn_of_mistakes(trainer: "Trainer", batches: Loader | Given) -> None:
    """Warn of what can be seen without running the network, and will not end in an error of its own.

    Batches that somebody else makes are not looked at: they may come only once.
    """
    if isinstance(batches, Loader):
        try:
            findings = lint(trainer, batches, trial=False)
        except PellucidError:  # training will tell
            return
        for finding in findings:
            if finding.code not in ENDS:
                warnings.warn(str(finding), LintWarning, stacklevel=3)


def lint_rate(trainer: "Trainer", suggestion: float | None) -> list[Lint]:
    """Return what is to be said of the rate, where its schedule begins or peaks, beside `lr_find`'s suggestion."""
    schedule = trainer.schedule
    lr = trainer.optimizer.lr if schedule is None else getattr(schedule, "max_lr", schedule.base_lr)
    if suggestion is None or suggestion / 30 <= lr <= suggestion * 10:
        return []
    much = "more" if lr > suggestion else "less"
    why = "training is likely to diverge" if lr > suggestion else "training will take very long"
    what = f"the learning rate is {lr:g}, much {much} than the {suggestion:.2g} of the range test"
    return [Lint("L601", what, why, f"try {suggestion:.2g}")]
