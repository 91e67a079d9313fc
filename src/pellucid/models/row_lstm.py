"""row-lstm: an LSTM that reads an image row by row."""

from ..nn import LSTM, Linear, Sequential


def row_lstm(columns: int = 28, hidden: int = 128, num_layers: int = 1, num_classes: int = 10) -> Sequential:
    """Return the network for images as sequences of rows (N, T, columns), unbuilt: 82,186 parameters.

    Q. V. Le, N. Jaitly and G. E. Hinton, A simple way to initialize recurrent networks of rectified linear units, 2015,
    read MNIST pixel by pixel; row by row is the gentler form of it.

    Parameters
    ----------
    columns : int
        Numbers in a row.
    hidden : int
        Numbers in the LSTM's state.
    num_layers : int
        LSTMs on top of each other.
    num_classes : int

    Examples
    --------
    >>> model = row_lstm().build((28, 28), seed=0)
    >>> model(np.zeros((2, 28, 28), np.float32)).shape, model.parameters().data.size
    ((2, 10), 82186)
    """
    return Sequential({"lstm": LSTM(columns, hidden, num_layers), "linear": Linear(hidden, num_classes)})
