"""torch_twin: the same network in PyTorch, layer for layer, with the same numbers."""

from importlib.util import find_spec
from typing import Any

from .._core.errors import ConfigError
from ..nn import Module


def has_torch() -> bool:
    """Return whether PyTorch is installed; it is not loaded for that."""
    return find_spec("torch") is not None


def torch_twin(module: Module) -> Any:
    """Return a ``torch.nn.Module`` that computes what `module` does, with copies of its parameters and buffers.

    It is in the same mode and of the same type.  Parameters come in the order of ours.

    Parameters
    ----------
    module : Module
        Built; made of layers of `pellucid.nn`.

    Raises
    ------
    ConfigError
        If a layer has no twin, or PyTorch is not installed.

    Examples
    --------
    >>> model = Sequential(Linear(4, 3), ReLU()).build((4,), seed=0)
    >>> torch_twin(model)  # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    """
    if not has_torch():
        raise ConfigError("torch_twin: PyTorch is not installed; try pip install torch")
    from .torch_modules import made

    return made(module)
