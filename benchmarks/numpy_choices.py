"""Why the NumPy reference is written as it is: each choice against what it replaced, as a ratio of times.

    python -m benchmarks.numpy_choices

Shapes are those of mnist-cnn at batch 32.  Both sides of a row run in turn; medians over the rounds.
"""

import time
from functools import partial
from itertools import chain
from statistics import median

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

N, ROUNDS = 32, 15
rng = np.random.default_rng(0)


def pool():
    """Yield the rows about max_pool2d: (N, 26, 26, 32) by 2x2."""
    x = rng.standard_normal((N, 26, 26, 32), np.float32)
    taps = [x[:, u::2, v::2] for u in range(2) for v in range(2)]
    y, index = np.empty(taps[0].shape, np.float32), np.empty(taps[0].shape, np.uint8)
    g, grad_x = rng.standard_normal(y.shape, np.float32), np.empty_like(x)

    values = np.empty(y.shape, np.float32)

    def arithmetic(together=True):
        y[...], index[...] = taps[0], 0
        for k in range(1, 4):
            tap = taps[k]
            if together:
                values[...] = tap
                tap = values
            greater = tap > y
            np.maximum(y, tap, out=y)
            np.maximum(index, np.multiply(greater, np.uint8(k)), out=index)

    def masked():
        y[...], index[...] = taps[0], 0
        for k in range(1, 4):
            greater = taps[k] > y
            np.copyto(y, taps[k], where=greater)
            np.copyto(index, k, where=greater)

    def back_arithmetic():
        for k in range(4):
            np.multiply(g, index == k, out=grad_x[:, k // 2 :: 2, k % 2 :: 2])

    def back_masked():
        grad_x[...] = 0
        for k in range(4):
            np.copyto(grad_x[:, k // 2 :: 2, k % 2 :: 2], g, where=index == k)

    yield "max_pool2d forward: arithmetic / masked copies", arithmetic, masked
    yield "max_pool2d forward: taps copied together / read in x", arithmetic, partial(arithmetic, together=False)
    yield "max_pool2d forward: arithmetic / argmax of stacked taps", arithmetic, lambda: np.stack(taps).argmax(axis=0)
    yield "max_pool2d backward: arithmetic / masked copies", back_arithmetic, back_masked


def conv():
    """Yield the rows about conv2d: 32 -> 64 channels, 3x3, on 13x13."""
    C, O, K, H, OH = 32, 64, 3, 13, 11
    g, weight = rng.standard_normal((N * OH * OH, O), np.float32), rng.standard_normal((K, K, C, O), np.float32)
    taps, matrix = np.ascontiguousarray(weight.transpose(0, 1, 3, 2)), weight.reshape(-1, O)
    grad_x = np.zeros((N, H, H, C), np.float32)
    tap, columns = np.empty((len(g), C), np.float32), np.empty((len(g), K * K * C), np.float32)
    grad_columns = columns.reshape(N, OH, OH, K, K, C)

    def tap_by_tap():
        grad_x[...] = 0
        for u, v in np.ndindex(K, K):
            np.matmul(g, taps[u, v], out=tap)
            grad_x[:, u : u + OH, v : v + OH] += tap.reshape(N, OH, OH, C)

    def col2im():
        grad_x[...] = 0
        np.matmul(g, matrix.T, out=columns)
        for u, v in np.ndindex(K, K):
            grad_x[:, u : u + OH, v : v + OH] += grad_columns[:, :, :, u, v]

    yield "conv2d grad_x: tap by tap / one product and col2im", tap_by_tap, col2im
    yield from copies()


def copies():
    """Yield the rows about copying windows and adding biases."""
    K = 3
    for channels in (1, 3, 4, 32):
        x = rng.standard_normal((N, 28, 28, channels), np.float32)
        windows = sliding_window_view(x, (K, K), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        by_rows, turned = np.empty(windows.shape, np.float32), windows.transpose(3, 4, 5, 0, 1, 2)
        by_columns = np.empty(turned.shape, np.float32)
        yield (
            f"im2col of {channels} channels: along columns / along rows",
            partial(np.copyto, by_columns, turned),
            partial(np.copyto, by_rows, windows),
        )
    lines = rng.standard_normal((N * 26, 26 * 32), np.float32)
    rows = lines.reshape(-1, 32)
    of_rows, of_lines = (np.ones(len(some), np.float32) for some in (rows, lines))

    def bias_gradient():
        return (of_lines @ lines).reshape(26, 32).sum(axis=0)

    yield "bias gradient: by lines, ones @ g / g.sum(axis=0)", bias_gradient, lambda: rows.sum(axis=0)
    yield "bias gradient: by lines / by pixels, both ones @ g", bias_gradient, lambda: of_rows @ rows
    for outputs in (6, 32):
        y, bias = np.zeros((N * 28, 28 * outputs), np.float32), np.zeros(outputs, np.float32)
        pixels = y.reshape(-1, outputs)
        yield (
            f"adding the bias of {outputs} outputs: by lines / by pixels",
            lambda y=y, bias=bias: np.add(y, np.tile(bias, 28), out=y),
            lambda pixels=pixels, bias=bias: np.add(pixels, bias, out=pixels),
        )


def narrow_blocks():
    """Yield the row about blocks of a narrow im2col matrix: 1 -> 6 channels, 5x5, 28x28 outputs."""
    x, weight = rng.standard_normal((N, 32, 32), np.float32), rng.standard_normal((25, 6), np.float32)
    windows = sliding_window_view(x, (5, 5), axis=(1, 2)).transpose(3, 4, 0, 1, 2)
    columns, y = np.empty(windows.size, np.float32), np.empty((N * 784, 6), np.float32)

    def run(at_once):
        for start in range(0, N, at_once):
            some = windows[:, :, start : start + at_once]
            columns[: some.size].reshape(some.shape)[...] = some
            matrix = columns[: some.size].reshape(25, -1)
            np.matmul(matrix.T, weight, out=y[start * 784 : start * 784 + matrix.shape[1]])

    yield "conv2d forward, 1 to 6 channels: blocks of 4096 rows / whole batch", partial(run, 5), partial(run, N)


def blocks():
    """Yield the rows about blocks of the im2col matrix: 32 -> 64 channels on 13x13, several batches."""
    for batch in (32, 128):
        x, weight = rng.standard_normal((batch, 13, 13, 32), np.float32), rng.standard_normal((288, 64), np.float32)
        windows = sliding_window_view(x, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        columns, y = np.empty(windows.shape, np.float32), np.empty((batch, 121, 64), np.float32)

        def run(at_once, windows=windows, columns=columns, y=y, weight=weight):
            for start in range(0, len(y), at_once):
                some, part = columns[:at_once], y[start : start + at_once].reshape(-1, 64)
                some[...] = windows[start : start + at_once]
                np.matmul(some.reshape(-1, 288), weight, out=part)

        whole, cached = partial(run, batch), partial(run, 8)
        yield f"conv2d forward, batch {batch}: whole batch / blocks of 8 samples", whole, cached


def depthwise():
    """Yield the row about conv2d with one channel in a group: 64 channels, 3x3, on 14x14."""
    C, H, OH = 64, 14, 12
    pixels, weight = rng.standard_normal((N, H, H, C), np.float32), rng.standard_normal((3, 3, C), np.float32)
    windows = sliding_window_view(pixels, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    y, columns = np.empty((N, OH, OH, C), np.float32), np.empty((C, N * OH * OH, 9), np.float32)
    matrix = np.ascontiguousarray(weight.reshape(9, C).T)[:, :, None]

    def products():
        columns.reshape(C, N, OH, OH, 3, 3)[...] = windows.transpose(5, 0, 1, 2, 3, 4)
        y[...] = np.matmul(columns, matrix).reshape(C, N, OH, OH).transpose(1, 2, 3, 0)

    yield (
        "conv2d forward, one channel in a group: einsum / a matrix product for each group",
        lambda: np.einsum("nijuvc,uvc->nijc", windows, weight, out=y),
        products,
    )


def loader():
    """Yield the row about batches made ahead: 60 training steps of mnist-cnn."""
    from pellucid import Trainer, data, models
    from pellucid.optim import SGD

    images = data.mnist()[0].split(60 * N)[1]
    model = models.mnist_cnn().build(images.input_shape)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.0))

    def epoch(ahead):
        for x, y in data.Loader(images, N, prefetch=ahead).batches():
            trainer.train_step(x, y)

    yield (
        "training: batches made when they are needed / ahead, in a thread",
        partial(epoch, False),
        partial(epoch, True),
    )


def seconds(act) -> float:
    """Return how long `act` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Print, for each choice, the time of what it replaced over its own."""
    from pellucid import native

    with native.using("numpy"):  # the row about the loader trains
        for name, ours, other in chain(pool(), conv(), narrow_blocks(), blocks(), depthwise(), loader()):
            ours(), other()
            pairs = [(seconds(ours), seconds(other)) for _ in range(ROUNDS)]
            mine, theirs = (median(column) for column in zip(*pairs, strict=True))
            print(f"{theirs / mine:6.2f}  {name}")


if __name__ == "__main__":
    main()
