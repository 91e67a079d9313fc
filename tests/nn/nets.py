"""Small networks for the tests of modules."""

from pellucid.nn import Buffer, Conv2d, Flatten, Linear, Module, ReLU, Sequential


class Twice(Module):
    """One layer used twice, and a buffer: what a composite module of a user may look like."""

    def __init__(self):
        self.layer = Linear(3, 3)
        self.blocks = [ReLU(), Linear(3, 2, bias=False)]
        self.mean = Buffer((3,), init="ones")

    def forward(self, x):
        x = self.layer(self.layer(x))
        for block in self.blocks:
            x = block(x)
        return x

    def backward(self, grad_y):
        for block in reversed(self.blocks):
            grad_y = block.backward(grad_y)
        return self.layer.backward(self.layer.backward(grad_y))


def small():
    return Sequential(Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(8, 3))
