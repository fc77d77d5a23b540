import numpy
import pytest
import torch
from torch.nn import functional as F

from spacy_deepal.tagger.dropout import Dropout
from spacy_deepal.tagger.fast import products
from spacy_deepal.tagger.fast.products import OneDnn, drop, find_one_dnn, linear


def operators():
    """oneDNN, also where it is slower. None: this build of torch has none."""
    if not torch.backends.mkldnn.is_available():
        return None
    found = torch.ops.mkldnn
    return OneDnn(found._linear_pointwise, found._reorder_linear_weight)


@pytest.fixture
def fresh():
    """Operators are looked for anew, before and after."""
    find_one_dnn.cache_clear()
    yield
    find_one_dnn.cache_clear()


@pytest.mark.parametrize("one_dnn", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 40])
def test_product_and_its_gradients_are_those_of_torch(rows, bias, one_dnn, monkeypatch):
    monkeypatch.setattr(products, "find_one_dnn", operators if one_dnn else lambda: None)
    torch.manual_seed(0)
    values, weight = torch.randn(rows, 24), torch.randn(7, 24)
    weights = [values, weight, *([torch.randn(7)] if bias else [])]
    for each in weights:
        each.requires_grad_()
    direction = torch.randn(rows, 7)
    found, expected = linear(*weights), F.linear(*weights)
    numpy.testing.assert_allclose(found.detach(), expected.detach(), atol=1e-5)
    for mine, theirs in zip(
        torch.autograd.grad(found, weights, direction),
        torch.autograd.grad(expected, weights, direction),
        strict=True,
    ):
        numpy.testing.assert_allclose(mine, theirs, atol=1e-5)


@pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this build of torch has no oneDNN"
)
def test_products_go_through_onednn_where_that_is_faster(monkeypatch):
    calls, found = [], operators()
    product = found.pointwise
    counted = found._replace(pointwise=lambda *args: calls.append(1) or product(*args))
    monkeypatch.setattr(products, "find_one_dnn", lambda: counted)
    values, weight = torch.randn(40, 24, requires_grad=True), torch.randn(7, 24, requires_grad=True)
    linear(values, weight).sum().backward()
    assert len(calls) == 3  # two of them for the gradients
    linear(values.double(), weight.double())
    linear(values[:2], weight)
    assert len(calls) == 3


class Odd:
    """Stands for torch.ops.mkldnn of another version."""

    _reorder_linear_weight = staticmethod(lambda weight: weight)

    def __init__(self, operator):
        if operator:
            self._linear_pointwise = operator


def other_arguments(rows, weight):
    return rows @ weight.t()


def other_result(rows, weight, bias, *_):
    return F.linear(rows, weight, bias) + 1


@pytest.mark.parametrize("operator", [None, other_arguments, other_result])
def test_operators_that_are_missing_or_have_changed_are_not_used(operator, fresh, monkeypatch):
    """They are private to torch: another version may have others."""
    monkeypatch.setattr(products, "AVX512", True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.ops, "mkldnn", Odd(operator), raising=False)
    assert find_one_dnn() is None
    rows, weight = torch.randn(40, 3), torch.randn(2, 3)
    assert torch.equal(linear(rows, weight), F.linear(rows, weight))


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    dropout = Dropout(100, 0.3).train()
    values = drop(dropout, torch.ones(1000, 100))
    assert values.unique().tolist() == pytest.approx([0, 1 / 0.7], rel=1 / 2**16)
    assert float((values == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(values.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(drop(dropout.eval(), values), values)
