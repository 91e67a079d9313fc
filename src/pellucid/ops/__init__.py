"""Operations as forward/backward pairs on NumPy arrays, each in its own short file.

``<op>_shape`` gives the output's shape, ``<op>_forward(...) -> (y, saved)``,
``<op>_backward(grad_y, saved) -> gradients`` in the order of forward's array arguments.

`saved` holds inputs and outputs themselves, not copies: write into neither before backward has run.
"""

from .activation import (
    leaky_relu_backward,
    leaky_relu_forward,
    leaky_relu_shape,
    relu_backward,
    relu_forward,
    relu_shape,
    sigmoid_backward,
    sigmoid_forward,
    sigmoid_shape,
    tanh_backward,
    tanh_forward,
    tanh_shape,
)
from .conv2d import conv2d_backward, conv2d_forward, conv2d_shape
from .dropout import dropout_backward, dropout_forward, dropout_shape
from .flatten import flatten_backward, flatten_forward, flatten_shape
from .fused import (
    conv2d_relu_avg_pool2d_backward,
    conv2d_relu_avg_pool2d_forward,
    conv2d_relu_avg_pool2d_shape,
    conv2d_relu_backward,
    conv2d_relu_forward,
    conv2d_relu_max_pool2d_backward,
    conv2d_relu_max_pool2d_forward,
    conv2d_relu_max_pool2d_shape,
    conv2d_relu_shape,
)
from .gru import gru_backward, gru_forward, gru_shape
from .linear import (
    linear_backward,
    linear_forward,
    linear_relu_backward,
    linear_relu_forward,
    linear_relu_shape,
    linear_shape,
)
from .loss import cross_entropy_backward, cross_entropy_forward, cross_entropy_shape
from .lstm import lstm_backward, lstm_forward, lstm_shape
from .pool2d import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    avg_pool2d_shape,
    max_pool2d_backward,
    max_pool2d_forward,
    max_pool2d_shape,
)
from .softmax import (
    log_softmax_backward,
    log_softmax_forward,
    log_softmax_shape,
    softmax_backward,
    softmax_forward,
    softmax_shape,
)

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "avg_pool2d_shape",
    "conv2d_backward",
    "conv2d_forward",
    "conv2d_relu_avg_pool2d_backward",
    "conv2d_relu_avg_pool2d_forward",
    "conv2d_relu_avg_pool2d_shape",
    "conv2d_relu_backward",
    "conv2d_relu_forward",
    "conv2d_relu_max_pool2d_backward",
    "conv2d_relu_max_pool2d_forward",
    "conv2d_relu_max_pool2d_shape",
    "conv2d_relu_shape",
    "conv2d_shape",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "cross_entropy_shape",
    "dropout_backward",
    "dropout_forward",
    "dropout_shape",
    "flatten_backward",
    "flatten_forward",
    "flatten_shape",
    "gru_backward",
    "gru_forward",
    "gru_shape",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "leaky_relu_shape",
    "linear_backward",
    "linear_forward",
    "linear_relu_backward",
    "linear_relu_forward",
    "linear_relu_shape",
    "linear_shape",
    "log_softmax_backward",
    "log_softmax_forward",
    "log_softmax_shape",
    "lstm_backward",
    "lstm_forward",
    "lstm_shape",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_shape",
    "relu_backward",
    "relu_forward",
    "relu_shape",
    "sigmoid_backward",
    "sigmoid_forward",
    "sigmoid_shape",
    "softmax_backward",
    "softmax_forward",
    "softmax_shape",
    "tanh_backward",
    "tanh_forward",
    "tanh_shape",
]
