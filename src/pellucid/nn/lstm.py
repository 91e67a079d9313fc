"""LSTM and LSTMCell: long short-term memory as layers; the mathematics is in ops/lstm.py."""

from functools import partial
from typing import Any

import numpy as np

from .._core.arrays import Array, Shape
from ..ops import lstm_backward, lstm_forward
from .init import Initializer
from .recurrent import Recurrent, RecurrentCell


def _forget(shape: Shape, key: int, value: float) -> Array:
    """Return zeros, but `value` for the forget gate, the second of four parts."""
    return np.repeat([0.0, value, 0.0, 0.0], shape[0] // 4)


class LSTM(Recurrent):
    """Long short-term memory over sequences; names and layouts of the weights are PyTorch's, gates i, f, g, o.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        Layers upon each other: each takes the sequence that the one below gives.
    bias : bool
        Two biases for each gate, as PyTorch has them.
    dropout : float
        Probability with which a number between two layers is left out in training.
    bidirectional : bool
        A second run from the last step to the first, beside each.
    return_sequences : bool
        Give the state after each step, not the last alone.
    return_state : bool
        Give (y, h_n, c_n), with the last states (num_layers * directions, N, hidden_size) of all runs.
    weight_init, recurrent_init : str or function
        Start values of ``weight_ih`` and ``weight_hh``, see `pellucid.nn.init`.
    forget_bias : float
        Start value of the forget gate in ``bias_ih``; all other biases start at 0.  With 1 the cell remembers at first,
        so that gradients reach far back (R. Jozefowicz et al., ICML 2015).

    Input (N, T, input_size), output (N, directions * hidden_size): h of the last step that counts, of the second
    direction that of the first one; or (N, T, directions * hidden_size) with `return_sequences`.  T may differ from
    call to call.  `forward` takes a state (h_0, c_0) and a mask of the steps that count, see there.

    Examples
    --------
    >>> lstm = LSTM(4, 3, return_state=True).build((7, 4), seed=0)
    >>> x = np.ones((2, 7, 4), np.float32)
    >>> y, h_n, c_n = lstm(x)
    >>> y.shape, h_n.shape, bool((y == h_n[0]).all())
    ((2, 3), (1, 2, 3), True)
    >>> y, h_n, c_n = lstm(x, (h_n, c_n), mask=np.arange(7) < [[7], [3]])      # the second is shorter
    >>> grad_x, grad_h0, grad_c0 = lstm.backward((np.ones_like(y), None, None))
    >>> grad_x.shape, bool(grad_x[1, 3:].any())
    ((2, 7, 4), False)
    """

    kernels_only = True
    gates, state_names = 4, ("h_0", "c_0")
    op_forward, op_backward = staticmethod(lstm_forward), staticmethod(lstm_backward)

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
        forget_bias: float = 1.0,
    ) -> None:
        inits = weight_init, recurrent_init, partial(_forget, value=forget_bias), "zeros"
        super().__init__(
            input_size, hidden_size, num_layers, bias, dropout, bidirectional, return_sequences, return_state, inits
        )


class LSTMCell(RecurrentCell):
    """One step of an LSTM, for loops of one's own; arguments as of `LSTM`, names of the weights as in PyTorch.

    ``forward(x, (h, c))`` takes x (N, input_size) and gives (h, c), each (N, hidden_size); without a state it begins
    from zeros.  ``backward((grad_h, grad_c))``, in which None counts as zeros, gives (grad_x, grad_h, grad_c), or
    grad_x alone if forward was given no state.  In a module whose forward uses the cell several times, its backward
    calls the cell's as often, in reverse order.

    Examples
    --------
    >>> cell = LSTMCell(4, 3).build((4,), seed=0)
    >>> h, c = cell(np.ones((2, 4), np.float32))
    >>> h.shape, cell.backward((h, c)).shape
    ((2, 3), (2, 4))
    """

    gates, state_names = 4, ("h", "c")
    op_forward, op_backward = staticmethod(lstm_forward), staticmethod(lstm_backward)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        weight_init: str | Initializer = "glorot_uniform",
        recurrent_init: str | Initializer = "orthogonal",
        forget_bias: float = 1.0,
    ) -> None:
        inits = weight_init, recurrent_init, partial(_forget, value=forget_bias), "zeros"
        super().__init__(input_size, hidden_size, bias, inits)

    def forward(self, x: Array, state: Any = None) -> Any:
        """Return (h, c)."""
        return self.step(x, state)

    def backward(self, grad_y: Any) -> Any:
        """Return (grad_x, grad_h, grad_c), or grad_x if there was no state; `grad_y` is (grad_h, grad_c)."""
        return self.step_back(tuple(grad_y))
