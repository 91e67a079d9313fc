"""GRU and GRUCell: the gated recurrent unit as layers; the mathematics is in ops/gru.py."""

from typing import Any

from .._core.arrays import Array
from ..ops import gru_backward, gru_forward
from .init import Initializer
from .recurrent import Recurrent, RecurrentCell


class GRU(Recurrent):
    """Gated recurrent unit over sequences; names and layouts of the weights are PyTorch's, gates r, z, n.

    Arguments, inputs and outputs are those of `LSTM`; its state is one array h, so `forward` takes h_0, and with
    `return_state` gives (y, h_n), each state (num_layers * directions, N, hidden_size).

    Examples
    --------
    >>> gru = GRU(4, 3, num_layers=2, bidirectional=True, return_state=True).build((7, 4), seed=0)
    >>> y, h_n = gru(np.ones((2, 7, 4), np.float32))
    >>> y.shape, h_n.shape
    ((2, 6), (4, 2, 3))
    """

    kernels_only = True
    gates, state_names = 3, ("h_0",)
    op_forward, op_backward = staticmethod(gru_forward), staticmethod(gru_backward)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        return_sequences: bool = False,
        return_state: bool = False,
        weight_init: str | Initializer = "glorot_uniform",
        recurrent_init: str | Initializer = "orthogonal",
    ) -> None:
        inits = weight_init, recurrent_init, "zeros", "zeros"
        super().__init__(
            input_size, hidden_size, num_layers, bias, dropout, bidirectional, return_sequences, return_state, inits
        )


class GRUCell(RecurrentCell):
    """One step of a GRU: ``forward(x, h)`` gives h, ``backward(grad_h)`` gives (grad_x, grad_h); see `LSTMCell`.

    Examples
    --------
    >>> cell = GRUCell(4, 3).build((4,), seed=0)
    >>> h = cell(np.ones((2, 4), np.float32))
    >>> again = cell(np.ones((2, 4), np.float32), h)
    >>> [grad.shape for grad in cell.backward(again)]
    [(2, 4), (2, 3)]
    """

    gates, state_names = 3, ("h",)
    op_forward, op_backward = staticmethod(gru_forward), staticmethod(gru_backward)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        weight_init: str | Initializer = "glorot_uniform",
        recurrent_init: str | Initializer = "orthogonal",
    ) -> None:
        super().__init__(input_size, hidden_size, bias, (weight_init, recurrent_init, "zeros", "zeros"))

    def forward(self, x: Array, state: Any = None) -> Any:
        """Return h."""
        return self.step(x, state)[0]

    def backward(self, grad_y: Any) -> Any:
        """Return (grad_x, grad_h), or grad_x if there was no state; `grad_y` is that of h."""
        return self.step_back((grad_y,))
