"""Networks with branches, for the tests of combinators."""

from pellucid import nn


def block(C, O, stride):
    """Two convolutions, and a way around them."""
    body = nn.Sequential(nn.Conv2d(C, O, 3, stride, 1), nn.ReLU(), nn.Conv2d(O, O, 3, padding=1))
    return nn.Residual(body, nn.Conv2d(C, O, 1, stride) if stride > 1 or C != O else None)


def residual():
    """For (2, 9, 8)."""
    head = nn.GlobalAvgPool2d(), nn.Dropout(0.2), nn.Linear(8, 3)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), block(4, 4, 1), nn.ReLU(), block(4, 8, 2), *head)


def inception():
    """For (2, 9, 8): branches of unlike depth, one of them a pool."""
    deep = nn.Sequential(nn.Conv2d(2, 3, 1), nn.ReLU(), nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
    pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(2, 2, 1))
    first = nn.Concat(nn.Conv2d(2, 2, 1), deep, pool)
    second = nn.Concat(nn.Conv2d(8, 3, 1), nn.AvgPool2d(3, 1, 1))
    return nn.Sequential(first, nn.MaxPool2d(2), second, nn.AdaptiveAvgPool2d((2, 1)), nn.Flatten(), nn.Linear(22, 3))


def two_ways():
    """Two inputs (2, 9, 8) and (5,), two outputs (6,) and (3,); `rows` is used three times."""
    return nn.Graph(
        {
            "conv": (nn.Conv2d(2, 4, 3), "image"),
            "relu": (nn.ReLU(), "conv"),
            "pool": (nn.GlobalMaxPool2d(), "relu"),
            "hidden": (nn.Linear(5, 4), "numbers"),
            "rows": (nn.Concatenate(), "pool", "hidden", "numbers"),
            "gate": (nn.Sequential(nn.Linear(13, 13), nn.Sigmoid()), "rows"),
            "gated": (nn.Multiply(), "rows", "gate"),
            "sum": (nn.Add(), "gated", "rows"),
            "first": (nn.Linear(13, 6), "sum"),
            "second": (nn.Linear(13, 3), "gated"),
        },
        inputs=("image", "numbers"),
        outputs=("first", "second"),
    )


def diamond():
    """For (2, 9, 8): a Graph of one input and one output, inside a Sequential."""
    nodes = {
        "left": (nn.Conv2d(2, 4, 3, padding=1), "input"),
        "act": (nn.ReLU(), "left"),
        "right": (nn.Conv2d(2, 4, 1), "input"),
        "both": (nn.Add(), "act", "right", "act"),
        "wide": (nn.Concatenate(), "both", "input"),
    }
    return nn.Sequential(nn.Graph(nodes), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 3))
