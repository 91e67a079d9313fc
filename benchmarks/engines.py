"""Who is measured: one function for each engine and mode.

Each takes a network and a batch size, gets everything ready, and returns prepare(steps) -> go; go() takes that many
training steps, or applies the network that many times.  go() is all that is timed.
"""

import io
import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.nets import SEED, Net

Go = Callable[[], Any]
Prepare = Callable[[int], Go]
Engine = Callable[[Net, int], Prepare]

INPUTS = 8  # batches that predictions take in turn
PEAK_MADDS = 192 << 10  # for each of 16 pieces, in one step of the engine "peak"


def pellucid_train(net: Net, batch: int) -> Prepare:
    """Trainer.fit over a Loader of uint8 images, as a user calls it: batches, statistics and all."""
    from pellucid import Trainer
    from pellucid.data import Loader

    images = net.data()
    model = net.ours().build(net.input_shape, SEED)
    trainer = Trainer(model, net.our_optimizer(model), seed=SEED)

    def prepare(steps: int) -> Go:
        loader = Loader(images.take(range(steps * batch)), batch, seed=SEED)
        return lambda: trainer.fit(loader, epochs=1)

    return prepare


def torch_train(
    net: Net, batch: int, channels_last: bool = False, fused: bool = False, compiled: bool = False
) -> Prepare:
    """PyTorch as its fastest users run it: tensors made and shuffled beforehand, no loader, no .item()."""
    import torch

    x, labels = _tensors(net, channels_last)
    model = _torch_model(net, channels_last)
    run = torch.compile(model) if compiled else model
    optimizer, loss = net.their_optimizer(model, **{"fused": True} if fused else {}), torch.nn.CrossEntropyLoss()

    def prepare(steps: int) -> Go:
        def go() -> None:
            for start in range(0, steps * batch, batch):
                optimizer.zero_grad(set_to_none=True)
                loss(run(x[start : start + batch]), labels[start : start + batch]).backward()
                optimizer.step()

        return go

    return prepare


def pellucid_infer(net: Net, batch: int) -> Prepare:
    """Apply pellucid's Predictor."""
    from pellucid.nn import Predictor

    model = net.ours().build(net.input_shape, SEED)
    images = net.data()
    inputs = [images.batch(range(i * batch, (i + 1) * batch))[0] for i in range(INPUTS)]
    predict = Predictor(model)

    def prepare(steps: int) -> Go:
        def go() -> None:
            for i in range(steps):
                predict(inputs[i % INPUTS])

        return go

    return prepare


def torch_infer(net: Net, batch: int, channels_last: bool = False, compiled: bool = False) -> Prepare:
    """Apply PyTorch's model in evaluation and inference mode."""
    import torch

    x, _ = _tensors(net, channels_last)
    model = _torch_model(net, channels_last).eval()
    run = torch.compile(model) if compiled else model
    inputs = [x[i * batch : (i + 1) * batch] for i in range(INPUTS)]

    def prepare(steps: int) -> Go:
        def go() -> None:
            with torch.inference_mode():
                for i in range(steps):
                    run(inputs[i % INPUTS])

        return go

    return prepare


def onnxruntime_infer(net: Net, batch: int) -> Prepare:
    """Apply ONNX Runtime to what PyTorch exports."""
    import onnxruntime
    import torch

    x, _ = _tensors(net, False)
    file = io.BytesIO()
    axes = {"x": {0: "N"}, "y": {0: "N"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further packages is an old one
        torch.onnx.export(
            _torch_model(net, False).eval(), (x[:1],), file,
            dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes=axes,
        )  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = _threads(), 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    inputs = [{"x": x[i * batch : (i + 1) * batch].numpy()} for i in range(INPUTS)]

    def prepare(steps: int) -> Go:
        def go() -> None:
            for i in range(steps):
                session.run(None, inputs[i % INPUTS])

        return go

    return prepare


def peak(net: Net, batch: int) -> Prepare:
    """Do nothing but fused multiply-adds on all threads; a step is `PEAK_FLOPS` of them."""
    import numpy as np

    from pellucid import native

    sums = np.empty(16, np.float32)

    def prepare(steps: int) -> Go:
        return lambda: native.engine.fma_peak(sums, steps * PEAK_MADDS)

    return prepare


PEAK_FLOPS = 2 * 16 * PEAK_MADDS

TRAIN: dict[str, Engine] = {
    "pellucid": pellucid_train,
    "torch": torch_train,
    "torch channels-last": partial(torch_train, channels_last=True),
    "torch channels-last, fused optimizer": partial(torch_train, channels_last=True, fused=True),
    "torch.compile": partial(torch_train, fused=True, compiled=True),
    "torch.compile channels-last": partial(torch_train, channels_last=True, fused=True, compiled=True),
}
INFER: dict[str, Engine] = {
    "pellucid": pellucid_infer,
    "torch": torch_infer,
    "torch channels-last": partial(torch_infer, channels_last=True),
    "torch.compile": partial(torch_infer, compiled=True),
    "torch.compile channels-last": partial(torch_infer, channels_last=True, compiled=True),
    "onnxruntime": onnxruntime_infer,
}
NUMPY: dict[str, Engine] = {
    "pellucid on NumPy": pellucid_train,
    "torch": torch_train,
    "torch channels-last": partial(torch_train, channels_last=True),
}


def _threads() -> int:
    return int(os.environ["OMP_NUM_THREADS"])


def _tensors(net: Net, channels_last: bool) -> tuple[Any, Any]:
    """Return all of the network's inputs, normalised and shuffled, and their labels."""
    import numpy as np
    import torch

    data = net.data()
    order = np.random.default_rng(SEED).permutation(len(data))
    x, labels = data.batch(order)
    x = torch.from_numpy(np.ascontiguousarray(x))
    if channels_last and x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    return x, torch.from_numpy(labels)


def _torch_model(net: Net, channels_last: bool) -> Any:
    import torch

    torch.set_num_threads(_threads())
    torch.manual_seed(SEED)
    model = net.theirs()
    return model.to(memory_format=torch.channels_last) if channels_last else model
