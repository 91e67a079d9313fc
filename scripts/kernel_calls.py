"""Kernel calls as the library makes them: recorded while each op, layer and optimiser runs once on small arrays."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid import Trainer, native, ops, optim
from pellucid.data import Dataset, Loader, augmentation
from pellucid.inspect.certificate import op_cases
from pellucid.inspect.certificate.certifier import _names
from pellucid.inspect.certificate.layer_cases import LAYERS
from pellucid.inspect.certificate.subject import ModuleSubject, PairSubject
from pellucid.models.ready import MODELS
from pellucid.nn import (
    ELU,
    GELU,
    GRU,
    AvgPool2d,
    Conv2d,
    Flatten,
    Hardswish,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Predictor,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from pellucid.ops._dispatch import TWINS

MOST = 40  # calls that are kept of one kernel


class Call(NamedTuple):
    """A call of a kernel, or of a method of the program that was begun before."""

    name: str
    arguments: tuple[Any, ...]


Sample = list[Call]


class Recording:
    """Stands for the engine and notes what is called with what; the calls of one program belong together."""

    def __init__(self, engine: Any) -> None:
        self._engine, self.samples = engine, dict[str, list[Sample]]()

    def __getattr__(self, name: str) -> Any:
        if name == "Program":
            return self._program
        found = getattr(self._engine, name)
        return self._noting(name, found, None) if name in TWINS else found

    def _program(self, inputs: int) -> Any:
        sample = [Call("Program", (inputs,))]
        self.samples.setdefault("Program", []).append(sample)
        return _Program(self._engine.Program(inputs), sample, self._noting)

    def _noting(self, name: str, function: Callable[..., Any], sample: Sample | None) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            noted = Call(name, tuple(map(copied, arguments)))
            if sample is not None:
                sample.append(noted)
            elif len(known := self.samples.setdefault(name, [])) < MOST:
                known.append([noted])
            return function(*arguments)

        return call


class _Program:
    def __init__(self, program: Any, sample: Sample, noting: Callable[..., Any]) -> None:
        self._program, self._sample, self._noting = program, sample, noting

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._program, name)
        return self._noting(name, found, self._sample) if callable(found) else found


def copied(value: Any) -> Any:
    """Return a copy of an array that lies in memory as it does, anything else as it is."""
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def recorded() -> dict[str, list[Sample]]:
    """Return calls of all kernels by name."""
    real, recording = native.engine, Recording(native.engine)
    if real is None:
        raise SystemExit(f"error: the native engine is needed: {native.reason}")
    native.engine = recording  # type: ignore[assignment]
    try:
        _run_ops()
        _run_layers()
        _run_training()
        _run_programs()
    finally:
        native.engine = real
    return recording.samples


def _run_ops() -> None:
    for op, cases in op_cases.OPS.items():
        forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
        for case in cases:
            shapes = case.shapes

            def draw(rng: np.random.Generator, attempt: int, shapes: Any = shapes) -> list[Any]:
                return [rng.standard_normal(shape) for shape in shapes]

            _run(PairSubject(forward, backward, _names(forward, len(shapes)), draw, case.options))


def _run_layers() -> None:
    for make, shape, training, _ in LAYERS.values():
        _run(ModuleSubject(make(), shape, training=training))


def _run(subject: Any) -> None:
    point = {name: a.astype(np.float32) for name, a in subject.draw(np.random.default_rng(0), 0).items()}
    subject.backward(tuple(np.ones_like(y) for y in subject.forward(point)))


def _run_training() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), np.uint8)
    data = Dataset(images, np.arange(6) % 3)
    changes = augmentation(shift=0.1, rotate=9, flip=0.5, elastic=[8, 3], erase=0.5, noise=0.1, mix_up=0.2)
    makers: list[Callable[[Any], Any]] = [
        optim.SGD,
        lambda p: optim.SGD(p, momentum=0.9, nesterov=True, weight_decay=0.1),
        lambda p: optim.AdamW(p, amsgrad=True),
        optim.Adam,
        lambda p: optim.RMSprop(p, centered=True, momentum=0.5),
        optim.RMSprop,
        optim.Adagrad,
    ]
    for make in makers:
        model = Sequential(Conv2d(1, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(36, 3)).build((1, 8, 8), 0)
        trainer = Trainer(model, make(model.parameters()), clip_norm=0.1, clip_value=0.1, ema=0.9, lint=False)
        trainer.fit(Loader(data, 3, augment=changes), epochs=1)


def _run_programs() -> None:
    others = Sequential(
        *(
            Conv2d(1, 4, 3),
            ELU(),
            AvgPool2d(2, padding=1),
            GELU(),
            Hardswish(),
            SiLU(),
            MaxPool2d(3, 2),
            Tanh(),
            Flatten(),
        ),
        *(Linear(144, 6), Sigmoid(), Softmax(), LogSoftmax()),
    )
    networks = [(entry.make(), entry.input_shape) for entry in MODELS.values()]
    for network, shape in [*networks, (others, (1, 28, 28)), (Sequential(GRU(5, 4), Linear(4, 3)), (3, 5))]:
        Predictor(network.build(shape, 0)).predict(np.zeros((3, *shape), np.float32))
