"""Beam search for the most probable path of tags that keeps the scheme.

A greedy path takes the most probable tag at each word, and what comes later cannot change it. From
few labels many such paths break the scheme, most often as the words behind a first tag speak
against it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from . import scheme
from .inference import Inference
from .layout import Layout

NEVER = float("-inf")


@torch.no_grad()
def search(inference: Inference, layout: Layout, context: Tensor | None, width: int) -> Tensor:
    """Keep the `width` most probable beginnings of a path at each word; none breaks the scheme.

    layout (Layout), context (Tensor | None): As for `Inference.decode`.
    width (int): Of the beam.
    RETURNS (Tensor[n]): Tags of the most probable path that was found, as they are laid out.
    """
    gates = inference.gates(layout, context)
    n_tags, sentences = len(inference.output_bias), layout.active[0]
    follows, ends = penalties(n_tags, gates)
    states = [lstm.start(sentences * width) for lstm in inference.lstms]
    previous = torch.full((sentences, width), n_tags, device=gates.device)
    scores = gates.new_full((sentences, width), NEVER)
    scores[:, 0] = 0  # one beginning, not `width` times the same
    steps, end = [], 0
    for active, following in zip(layout.active, [*layout.active[1:], 0], strict=True):
        now = slice(end, end := end + active)
        of_tags = F.embedding(previous, inference.from_tags)
        state = inference.step(states, (of_tags + gates[now].unsqueeze(1)).flatten(0, 1))
        logits = torch.addmm(inference.output_bias, state, inference.output)
        log_probs = logits.log_softmax(1).view(active, width, n_tags) + follows[previous]
        log_probs[following:] += ends
        scores, choice = (scores.unsqueeze(2) + log_probs).flatten(1).topk(width)
        origin, tags = choice // n_tags, choice % n_tags
        steps.append((origin, tags))
        scores, previous = scores[:following], tags[:following]
        first = torch.arange(0, following * width, width, device=gates.device)
        source = (origin[:following] + first.unsqueeze(1)).flatten()
        for lstm, state in zip(inference.lstms, states, strict=True):
            lstm.go_on_from(state, source)
    return _trace(steps)


def _trace(steps: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Follow the best path of each sentence back to its beginning.

    steps (list): At each word, of the sentences that go on so far: [active, width] which beginning
        each was made from, and [active, width] the tag it took.
    RETURNS (Tensor[n]): Tags, time by time.
    """
    best = torch.zeros_like(steps[0][0][:, :1])
    found = []
    for origin, tags in reversed(steps):
        here = best[: len(tags)]
        found.append(tags.gather(1, here).squeeze(1))
        best[: len(tags)] = origin.gather(1, here)
    return torch.cat(found[::-1])


def penalties(n_tags: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """What the scheme takes from log-probabilities: 0 or minus infinity.

    RETURNS (Tensor[n_tags + 1, n_tags], Tensor[n_tags]): For each tag behind each, [GO] in the last
        row, and for each at the end of a sentence.
    """
    follows, ends = (torch.from_numpy(part).to(like.device) for part in scheme.allowed(n_tags))
    zeros = like.new_zeros(())
    return zeros.where(follows, NEVER), zeros.where(ends, NEVER)
