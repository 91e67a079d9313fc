"""The same seed and data give the same weights, on any number of threads and with any instruction set."""

import hashlib

import numpy as np
import pytest

from benchmarks.nets import NETS
from pellucid import Trainer, data, native
from pellucid.data import Loader
from tests.checks import ENGINES

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
STEPS, BATCH = 50, 13  # no multiple of the shards, nor of a vector


def weights_after_training(net, images):
    model = net.ours().build(images.input_shape, seed=1)
    trainer = Trainer(model, net.our_optimizer(model), seed=2, clip_norm=5.0)
    trainer.fit(Loader(images, BATCH, seed=3), 1)
    assert trainer.step == STEPS
    return hashlib.sha256(model.parameters().data.tobytes()).hexdigest()


@pytest.mark.parametrize("name", NETS)
def test_weights_after_fifty_steps(name):
    images = data.mnist()[0].take(np.arange(STEPS * BATCH))
    found, before = {}, native.engine.thread_count()
    try:
        for engine in ENGINES:
            for threads in (1, 2, 3, 4):
                with native.using(engine):
                    native.engine.set_thread_count(threads)
                    found[engine, threads] = weights_after_training(NETS[name], images)
    finally:
        native.engine.set_thread_count(before)
    assert len(set(found.values())) == 1, found
