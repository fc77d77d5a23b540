import numpy
import pytest
import torch
from torch.nn import functional as F

from spacy_deepal.tagger import layers
from spacy_deepal.tagger.layers import Dropout, Linear


@pytest.mark.parametrize("one_dnn", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 40])
def test_linear_layer_and_its_gradients_are_those_of_torch(rows, bias, one_dnn, monkeypatch):
    monkeypatch.setattr(layers, "ONE_DNN", one_dnn and torch.backends.mkldnn.is_available())
    torch.manual_seed(0)
    layer = Linear(24, 7, bias=bias)
    values = torch.randn(rows, 24, requires_grad=True)
    weights = [values, *layer.parameters()]
    direction = torch.randn(rows, 7)
    found = layer(values)
    expected = F.linear(values, layer.weight, layer.bias)
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
    monkeypatch.setattr(layers, "ONE_DNN", True)
    calls = []
    product = layers.one_dnn
    monkeypatch.setattr(layers, "one_dnn", lambda *a: calls.append(1) or product(*a))
    layer = Linear(24, 7)
    values = torch.randn(40, 24, requires_grad=True)
    layer(values).sum().backward()
    assert len(calls) == 3
    layer.double()(values.double())
    monkeypatch.setattr(layers, "ONE_DNN", False)
    layer.float()(values)
    assert len(calls) == 3


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    dropout = Dropout(100, 0.3).train()
    values = dropout(torch.ones(1000, 100))
    assert values.unique().tolist() == pytest.approx([0, 1 / 0.7], rel=1 / 2**16)
    assert float((values == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(values.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(dropout.eval()(values), values)
