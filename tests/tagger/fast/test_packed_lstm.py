import numpy
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from spacy_deepal.tagger.fast.packed_lstm import packed_lstm


def make_lstm(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.LSTM(6, 5, batch_first=True).to(dtype)


@pytest.mark.parametrize("active", [[1], [4], [1, 1, 1], [5, 5, 4, 2, 1]])
def test_states_and_gradients_are_those_of_torch(active):
    lstm = make_lstm()
    rows = torch.randn(sum(active), 6, requires_grad=True)
    direction = torch.randn(sum(active), 5)
    found = packed_lstm(lstm, rows, active)
    expected = lstm(PackedSequence(rows, torch.tensor(active)))[0].data
    numpy.testing.assert_allclose(found.detach(), expected.detach(), atol=1e-6)
    weights = [rows, *lstm.parameters()]
    for mine, theirs in zip(
        torch.autograd.grad(found, weights, direction),
        torch.autograd.grad(expected, weights, direction),
        strict=True,
    ):
        numpy.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_gradients_are_the_slopes_of_the_states():
    lstm = make_lstm(torch.float64)
    rows = torch.randn(12, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *_: packed_lstm(lstm, rows, [4, 4, 3, 1]), [rows, *lstm.parameters()]
    )


def test_gates_that_saturate_give_numbers():
    lstm = make_lstm()
    rows = (torch.randn(4, 6) * 1e6).requires_grad_()
    states = packed_lstm(lstm, rows, [2, 2])
    states.sum().backward()
    assert states.isfinite().all()
    assert rows.grad.isfinite().all()


def test_elsewhere_than_on_a_cpu_it_is_torchs_own():
    """Without a GPU: the device that knows shapes alone."""
    lstm = make_lstm().to("meta")
    rows = torch.empty(6, 6, device="meta")
    assert packed_lstm(lstm, rows, [3, 2, 1]).shape == (6, 5)
