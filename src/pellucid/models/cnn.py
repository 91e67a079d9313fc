"""cnn: two blocks of two convolutions with batch-norm, and two linear layers."""

from collections.abc import Sequence

from ..nn import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    Linear,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
)


def cnn(
    input_shape: Sequence[int] = (1, 28, 28),
    num_classes: int = 10,
    use_batchnorm: bool = True,
    dropout_rate: float = 0.25,
) -> Sequential:
    """Return the network, unbuilt; for (1, 28, 28) and ten classes 468,458 parameters.

        [Conv 32 3x3 same -> BN -> ReLU] x2 -> MaxPool 2 -> Dropout2d
        [Conv 64 3x3 same -> BN -> ReLU] x2 -> MaxPool 2 -> Dropout2d
        Flatten -> Linear 128 -> BN -> ReLU -> Dropout 0.5 -> Linear

    Parameters
    ----------
    input_shape : (C, H, W)
    num_classes : int
    use_batchnorm : bool
        Without it convolutions and the first linear layer are followed by ReLU at once.
    dropout_rate : float
        The probability with which a channel is left out behind each block.

    Examples
    --------
    >>> model = cnn().build((1, 28, 28), seed=0).eval()
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """
    C, H, W = input_shape
    layers: dict[str, Module] = {}
    channels = C
    for block, width in (("1", 32), ("2", 64)):
        for part in ("a", "b"):
            name = block + part
            layers[f"conv{name}"] = Conv2d(channels, width, 3, padding="same")
            if use_batchnorm:
                layers[f"bn{name}"] = BatchNorm2d(width)
            layers[f"relu{name}"] = ReLU()
            channels = width
        layers[f"pool{block}"] = MaxPool2d(2)
        layers[f"dropout{block}"] = Dropout2d(dropout_rate)
    layers |= {"flatten": Flatten(), "linear1": Linear(channels * (H // 4) * (W // 4), 128)}
    if use_batchnorm:
        layers["bn3"] = BatchNorm1d(128)
    layers |= {"relu3": ReLU(), "dropout3": Dropout(0.5), "linear2": Linear(128, num_classes)}
    return Sequential(layers)
