"""cnn-lstm: a small convolutional network looks at each frame, an LSTM at what it saw over time."""

from ..nn import LSTM, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, TimeAxis, TimeDistributed


def cnn_lstm(hidden: int = 128, num_classes: int = 10, height: int = 28, width: int = 28) -> Sequential:
    """Return the network, unbuilt, for sequences of pictures: 875,466 parameters for 28x28.

    Parameters
    ----------
    hidden : int
        Numbers in the LSTM's state.
    num_classes : int
    height, width : int
        Of a picture; its two poolings each halve them, rounded down.

    Input (N, T, 1, height, width), where T may differ from batch to batch, or (N, 1, height, width): one frame.

    Examples
    --------
    >>> model = cnn_lstm().build((1, 28, 28), seed=0)
    >>> [model(np.zeros(shape, np.float32)).shape for shape in ((2, 1, 28, 28), (2, 5, 1, 28, 28))]
    [(2, 10), (2, 10)]
    >>> model.parameters().data.size
    875466
    """
    frame = {
        "conv1": Conv2d(1, 16, 3, padding=1),
        "relu1": ReLU(),
        "pool1": MaxPool2d(2),
        "conv2": Conv2d(16, 32, 3, padding=1),
        "relu2": ReLU(),
        "pool2": MaxPool2d(2),
        "flatten": Flatten(),
    }
    head = {"lstm": LSTM(32 * (height // 4) * (width // 4), hidden), "linear": Linear(hidden, num_classes)}
    # The head is a network of its own, so that it is replayed as the one for a frame is (nn/plan.py).
    return Sequential({"time": TimeAxis(), "frames": TimeDistributed(Sequential(frame)), "head": Sequential(head)})
