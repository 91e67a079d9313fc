"""Groups of parameters, and frozen ones: each number as if its optimiser had been made for it alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import ConfigError, native
from pellucid.nn import Linear, Sequential
from pellucid.optim import SGD, Adagrad, Adam, AdamW, OneCycleLR, RMSprop, StepLR, clip_grad_norm
from tests.checks import ENGINES

RULES = {
    "SGD": (SGD, {"momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
    "Adam": (Adam, {"weight_decay": 0.1, "amsgrad": True}),
    "AdamW": (AdamW, {"weight_decay": 0.1}),
    "RMSprop": (RMSprop, {"momentum": 0.5, "centered": True}),
    "Adagrad": (Adagrad, {"lr_decay": 0.1}),
}
each_rule = pytest.mark.parametrize(("rule", "options"), RULES.values(), ids=RULES)
each_engine = pytest.mark.parametrize("engine", [*ENGINES, "numpy"])


def network(dtype=np.float32):
    layers = {"a": Linear(7, 9), "b": Linear(9, 11), "c": Linear(11, 3)}
    return Sequential(layers).build((7,), seed=1, dtype=dtype)


def step(optimizer, number, engine="numpy"):
    flat = optimizer.parameters
    rng = np.random.default_rng(number)
    flat.zero_grad()
    flat.grad = rng.standard_normal(flat.data.size)
    with native.using(engine):
        optimizer.step()


def values(model):
    return {name: p.data.copy() for name, p in model.named_parameters()}


@each_rule
@each_engine
def test_where_the_vector_is_cut_changes_no_bit(rule, options, engine):
    plain, cut = network(), network()
    one = rule(plain.parameters(), 0.1, **options)
    other = rule(cut.parameters(), 0.1, **options, groups=[{"match": "*.bias"}, {"match": "b.*", "lr_factor": 1.0}])
    for number in range(4):
        step(one, number, engine)
        step(other, number, engine)
    assert_array_equal(plain.parameters().data, cut.parameters().data)
    for name, slot in one.slots.items():
        assert_array_equal(slot, other.slots[name])


@each_rule
def test_each_group_is_moved_by_its_own_settings(rule, options):
    """As by optimisers with these settings for all; the first group that fits counts."""
    model = network()
    groups = [{"match": ["a.*", "c.bias"], "lr_factor": 0.1}, {"match": "*.bias", "weight_decay": 0.5}]
    optimizer = rule(model.parameters(), 0.2, **options, groups=groups)
    whole = {"rest": network(), "slow": network(), "decayed": network()}
    alone = {
        "rest": rule(whole["rest"].parameters(), 0.2, **options),
        "slow": rule(whole["slow"].parameters(), 0.2 * 0.1, **options),
        "decayed": rule(whole["decayed"].parameters(), 0.2, **options | {"weight_decay": 0.5}),
    }
    for number in range(3):
        for o in (optimizer, *alone.values()):
            step(o, number)
    found = values(model)
    of = {
        "a.weight": "slow",
        "a.bias": "slow",
        "b.weight": "rest",
        "b.bias": "decayed",
        "c.weight": "rest",
        "c.bias": "slow",
    }
    for name, group in of.items():
        assert_array_equal(found[name], values(whole[group])[name])
    assert (found["a.weight"] != values(whole["rest"])["a.weight"]).any()


def test_schedules_move_all_groups():
    model = network()
    optimizer = Adam(
        model.parameters(), 1.0, groups=[{"match": "a.*", "lr_factor": 0.1}, {"match": "b.*", "betas": (0.5, 0.6)}]
    )
    slow, own = optimizer._groups
    StepLR(optimizer, 2).apply(4)
    assert (optimizer.lr, slow.lr, own.lr) == pytest.approx((0.01, 0.001, 0.01))
    OneCycleLR(optimizer, 0.3, 10).apply(2)
    assert (optimizer.lr, slow.lr) == pytest.approx((0.3, 0.03))
    assert (optimizer.betas[0], slow.betas[0], own.betas[0]) == (0.85, 0.85, 0.5)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({}, r"Adam groups\[0\]: match is None, a pattern of names such as '\*\.bias'"),
        ({"match": []}, r"match is \[\]"),
        ({"match": "d.*"}, r"match: no parameter is called 'd\.\*'; there are a\.weight, a\.bias"),
        ({"match": ["a.*", "d.*"]}, r"no parameter is called 'd\.\*'"),
        ({"match": "a.*", "lr": 0.1}, "lr: unknown; give lr_factor"),
        ({"match": "a.*", "momentum": 0.1}, "momentum: unknown; known are match, lr_factor, betas, eps, weight_decay$"),
        ({"match": "a.*", "amsgrad": True}, "amsgrad: unknown"),
        ({"match": "a.*", "lr_factor": -1}, "lr_factor is -1, a number from 0"),
        ({"match": "a.*", "weight_decay": -1}, r"Adam groups\[0\]: weight_decay is -1"),
        ({"match": "a.*", "weight_decay": "no"}, "has a value of another kind"),
    ],
)
def test_impossible_groups_are_refused(group, words):
    with pytest.raises(ConfigError, match=words):
        Adam(network().parameters(), groups=[group])


@pytest.mark.parametrize("groups", [{"match": "a.*"}, ["a.*"]])
def test_groups_are_a_list_of_tables(groups):
    with pytest.raises(ConfigError, match=r"Adam: groups is .*, a list of tables is needed: \[\{'match': '\*\.bias'"):
        Adam(network().parameters(), groups=groups)


# --- frozen -------------------------------------------------------------------------------------------------


@each_rule
@each_engine
def test_what_is_frozen_stays_and_the_rest_does_not_notice(rule, options, engine):
    model, free = network(), network()
    model.a.freeze()
    model.b.bias.frozen = True
    optimizer, other = (rule(net.parameters(), 0.1, **options) for net in (model, free))
    start = values(model)
    for number in range(3):
        step(optimizer, number, engine)
        step(other, number, engine)
    for name, parameter in model.named_parameters():
        assert_array_equal(parameter.data, start[name] if parameter.frozen else values(free)[name])
    for segment, frozen in zip(model.parameters().segments, model.parameters().frozen, strict=True):
        for slot in optimizer.slots.values():
            assert slot[segment.part].any() != frozen
    assert optimizer.missed == {"a.weight": 3, "a.bias": 3, "b.bias": 3}


@each_rule
def test_what_is_unfrozen_begins_with_its_own_first_step(rule, options):
    model, late = network(), network()
    model.a.freeze()
    optimizer, other = (rule(net.parameters(), 0.1, **options) for net in (model, late))
    step(optimizer, 0)
    step(optimizer, 1)
    model.unfreeze()
    for number in (2, 3):
        step(optimizer, number)
        step(other, number)
    assert_array_equal(model.a.weight.data, late.a.weight.data)
    assert optimizer.missed == {"a.weight": 2, "a.bias": 2}
    model.a.freeze()
    before = model.a.weight.data.copy()
    step(optimizer, 4)
    assert_array_equal(model.a.weight.data, before)


def test_all_may_be_frozen():
    model = network()
    model.freeze()
    optimizer, before = Adam(model.parameters()), model.parameters().data.copy()
    step(optimizer, 0)
    assert_array_equal(model.parameters().data, before)
    assert clip_grad_norm(model.parameters(), 1.0) == 0


@each_engine
def test_clipping_does_not_count_what_is_frozen(engine):
    model, small = network(), Linear(9, 11).build((9,))
    model.a.freeze()
    model.c.freeze()
    flat = model.parameters()
    flat.grad = np.random.default_rng(0).standard_normal(flat.data.size)
    (b,) = flat.trainable
    small.parameters().grad = flat.grad[b]
    before = flat.grad.copy()
    with native.using(engine):
        assert clip_grad_norm(flat, 0.5) == clip_grad_norm(small.parameters(), 0.5) > 0.5
    assert_array_equal(flat.grad[b], small.parameters().grad)
    assert_array_equal(flat.grad[: b.start], before[: b.start])
    assert_array_equal(flat.grad[b.stop :], before[b.stop :])
