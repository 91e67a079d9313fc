"""What the tests of replays share: networks, batches, and a run without recordings."""

import numpy as np

from pellucid import Trainer, nn
from pellucid.nn.plan import Plan
from pellucid.ops._memory import Arena, in_memory_order
from pellucid.optim import SGD

SHAPE = (2, 9, 8)


def every_layer():
    """All kinds of layers, some of them alone and some in the groups that are fused."""
    ahead = [nn.Conv2d(2, 6, 3, padding=1), nn.LeakyReLU(), nn.MaxPool2d(3, stride=2, padding=1), nn.Dropout(0.3)]
    middle = [
        nn.Conv2d(6, 5, 3, padding=1),
        nn.Tanh(),
        nn.GroupNorm(1, 5),
        nn.AvgPool2d(2, stride=1),
        nn.Dropout2d(0.2),
    ]
    middle += [nn.Conv2d(5, 4, 3), nn.ReLU()]
    middle += [nn.AdaptiveMaxPool2d((3, 2)), nn.AdaptiveAvgPool2d((1, 2))]
    middle += [nn.Reshape(4, 2), nn.Conv1d(4, 4, 3, padding=1), nn.MaxPool1d(3, 1, 1), nn.Permute(2, 1)]
    rows = [nn.Flatten(), nn.Linear(8, 9), nn.Sigmoid(), nn.Dropout(0.2), nn.Linear(9, 8), nn.ReLU()]
    rows += [nn.LayerNorm(8), nn.ELU(0.5), nn.GELU(), nn.GELU("tanh"), nn.Hardswish(), nn.SiLU()]
    return nn.Sequential(*ahead, *middle, *rows, nn.Linear(8, 7), nn.Softmax(), nn.Linear(7, 3), nn.LogSoftmax())


def small():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(), nn.Linear(36, 3)
    )


def normed():
    """Batch-norms in orders that fuse, and in some that do not."""
    return nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2),
        nn.Conv2d(5, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.ReLU(), nn.BatchNorm2d(4, affine=False),
        nn.Conv2d(4, 6, 2), nn.BatchNorm2d(6), nn.Flatten(),
        nn.Linear(6, 8), nn.BatchNorm1d(8, eps=1e-3), nn.ReLU(),
        nn.Linear(8, 7), nn.BatchNorm1d(7, track_running_stats=False), nn.Linear(7, 3),
    )  # fmt: skip


def batches(count, sizes=(6,), seed=0):
    rng = np.random.default_rng(seed)
    return [
        (in_memory_order(rng.standard_normal((n, *SHAPE)).astype(np.float32)), rng.integers(0, 3, n))
        for n in (sizes[i % len(sizes)] for i in range(count))
    ]


def trainer_of(model, optimizer=SGD, **options):
    model.build(SHAPE, seed=4)
    return Trainer(model, optimizer(model.parameters(), lr=0.01), seed=5, **options)


def both(monkeypatch, run):
    """Run something recorded and step by step; both must give the same bits."""
    first = run()
    with monkeypatch.context() as patch:
        patch.setattr(Plan, "_can_record", lambda plan, array: False)
        second = run()
    for one, other in zip(first, second, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def gradients_add_up(make, count):
    """Three batches between two `zero_grad`: gradients are those of a network whose steps are never replayed."""
    model, arena, expected = make().build(SHAPE), Arena(), make().build(SHAPE)
    g = np.full((6, 3), 0.5, np.float32)
    for i, (x, _) in enumerate(batches(count)):
        for one, step in ((model, arena.step()), (expected, Arena().step())):
            if i % 3 == 0:
                one.parameters().zero_grad()
            with step:
                one.start_step(i, 0)
                one.forward(x)
                one.backward(g)
        assert model.parameters().grad.tobytes() == expected.parameters().grad.tobytes()
