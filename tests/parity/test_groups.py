"""Groups of parameters and frozen ones follow PyTorch's param_groups and requires_grad, with schedules."""

import numpy as np
import pytest

from pellucid import optim
from pellucid.nn import Linear, Sequential, Tanh
from tests.checks import close

RULES = {
    "SGD": {"momentum": 0.9, "dampening": 0.3},
    "Adam": {"weight_decay": 0.1},
    "AdamW": {},
    "RMSprop": {"momentum": 0.5},
    "Adagrad": {"lr_decay": 0.1},
}
SCHEDULES = {
    "none": None,
    "cosine": lambda o, rate: o.CosineAnnealingLR(rate, 25),
    "warm-up": lambda o, rate: o.SequentialLR(rate, [o.LinearLR(rate, 0.1), o.ExponentialLR(rate, 0.9)], [5]),
    "one-cycle": lambda o, rate: o.OneCycleLR(rate, [0.3, 0.03, 0.3] if o is not optim else 0.3, 20),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", RULES)
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # PyTorch's SequentialLR warns of its own call
def test_twenty_steps(name, schedule, rng):
    """A part learns at a tenth of the rate, biases do not decay, the first layer joins in the eighth step."""
    import torch

    if schedule == "one-cycle" and name == "Adagrad":
        pytest.skip("PyTorch's refuses a cycle of what has no momentum")
    model = Sequential(Linear(4, 5), Tanh(), Linear(5, 5), Tanh(), Linear(5, 3)).build((4,), seed=1, dtype=np.float64)
    twin = torch.nn.Sequential(
        torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)
    ).double()
    twin.load_state_dict({key: torch.tensor(value) for key, value in model.state_dict().items()})
    options = {"lr": 0.1, "weight_decay": 0.2} | RULES[name]
    groups = [{"match": "2.*", "lr_factor": 0.1}, {"match": "*.bias", "weight_decay": 0.0}]
    optimizer = getattr(optim, name)(model.parameters(), **options, groups=groups)
    tensors = dict(twin.named_parameters())
    slow = [tensors["2.weight"], tensors["2.bias"]]
    biases = [tensors["0.bias"], tensors["4.bias"]]
    rest = [tensors["0.weight"], tensors["4.weight"]]
    torch_groups = [{"params": rest}, {"params": slow, "lr": 0.01}, {"params": biases, "weight_decay": 0.0}]
    theirs = getattr(torch.optim, name)(torch_groups, **options)
    make = SCHEDULES[schedule]
    both = () if make is None else (make(optim, optimizer), make(torch.optim.lr_scheduler, theirs))
    model[0].freeze()
    twin[0].requires_grad_(False)
    x, grad_y = rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    for step in range(20):
        if step == 8:
            model[0].unfreeze()
            twin[0].requires_grad_(True)
        optimizer.zero_grad()
        model(x)
        model.backward(grad_y)
        theirs.zero_grad()
        twin(torch.tensor(x)).backward(torch.tensor(grad_y))
        norm = optim.clip_grad_norm(model.parameters(), 2.0)
        assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(twin.parameters(), 2.0).item(), rel=1e-9)
        optimizer.step()
        theirs.step()
        for key, parameter in model.named_parameters():
            close(parameter.data, tensors[key].detach().numpy(), 1e-9)
        if step < 19:
            for one in both:
                one.step()
