"""best-mnist: six convolutions with batch-norm and a mean over the image, for recipes that go for accuracy."""

from ..nn import BatchNorm2d, Conv2d, Dropout, Dropout2d, GlobalAvgPool2d, Linear, MaxPool2d, Module, ReLU, Sequential


def best_mnist(width: int = 32, dropout: float = 0.1, num_classes: int = 10, channels: int = 1) -> Sequential:
    """Return the network for images of 28x28 pixels, unbuilt; 288,170 parameters.

        [Conv width 3x3 same -> BN -> ReLU] x2 -> MaxPool 2 -> Dropout2d
        the same with twice the width, then with four times and no pool
        mean over the image -> Dropout -> Linear

    After K. Simonyan and A. Zisserman, Very deep convolutional networks, ICLR 2015, with S. Ioffe and C. Szegedy's
    batch normalisation, and M. Lin et al.'s mean over the image (Network in network, ICLR 2014) for their large linear
    layers.

    Parameters
    ----------
    width : int
        Channels of the first two convolutions.
    dropout : float
        The probability with which a channel is left out.
    num_classes, channels : int
        Outputs, and channels of the image.

    Examples
    --------
    >>> model = best_mnist().build((1, 28, 28), seed=0).eval()
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape, model.parameters().data.size
    ((2, 10), 288170)
    """
    layers: dict[str, Module] = {}
    for block in (1, 2, 3):
        wide = width * 2 ** (block - 1)
        for part in "ab":
            layers[f"conv{block}{part}"] = Conv2d(channels, wide, 3, padding="same", bias=False)
            layers[f"bn{block}{part}"] = BatchNorm2d(wide)
            layers[f"relu{block}{part}"] = ReLU()
            channels = wide
        if block < 3:
            layers |= {f"pool{block}": MaxPool2d(2), f"dropout{block}": Dropout2d(dropout)}
    layers |= {"mean": GlobalAvgPool2d(), "dropout3": Dropout(dropout), "linear": Linear(channels, num_classes)}
    return Sequential(layers)
