"""Beam search for the most probable path of tags that keeps the tagging scheme.

A greedy path takes the most probable tag at each word, and what comes later cannot change it. From
few labels many such paths break the scheme.
"""

from itertools import chain

import torch
from torch import Tensor

from . import scheme
from .engine import Encoded

NEVER = float("-inf")


@torch.no_grad()
def search(encoded: Encoded, n_tags: int, width: int) -> Tensor:
    """Keep the `width` most probable beginnings of a path at each word. None breaks the scheme.

    RETURNS: Tags [n] of the most probable path that was found, sentence by sentence.
    """
    device, sentences = encoded.places.device, encoded.active[0]
    follows, ends = penalties(n_tags, device)
    states = encoded.start(sentences * width)
    previous = torch.full((sentences, width), n_tags, device=device)  # [GO]
    scores = torch.full((sentences, width), NEVER, device=device)
    scores[:, 0] = 0  # one beginning, not `width` times the same
    steps = []
    for time, (active, following) in enumerate(
        zip(encoded.active, [*encoded.active[1:], 0], strict=True)
    ):
        logits = encoded.step(time, previous, states)
        log_probs = logits.log_softmax(1).view(active, width, n_tags) + follows[previous]
        log_probs[following:] += ends
        scores, choice = (scores.unsqueeze(2) + log_probs).flatten(1).topk(width)
        origin, tags = choice // n_tags, choice % n_tags
        steps.append((origin, tags))
        scores, previous = scores[:following], tags[:following]
        first = torch.arange(0, following * width, width, device=device)
        source = (origin[:following] + first.unsqueeze(1)).flatten()
        for part in chain.from_iterable(states):  # path i goes on from path source[i]
            part[: len(source)] = part[source]
    return _trace(steps)[encoded.places]


def _trace(steps: list[tuple[Tensor, Tensor]]) -> Tensor:
    """steps: At each word, from which beginning each was made, and the tag it took, each of them
    [active, width]. RETURNS: Tags [n] of the best path of each sentence, time by time."""
    best = torch.zeros_like(steps[0][0][:, :1])
    found = []
    for origin, tags in reversed(steps):
        here = best[: len(tags)]
        found.append(tags.gather(1, here).squeeze(1))
        best[: len(tags)] = origin.gather(1, here)
    return torch.cat(found[::-1])


def penalties(n_tags: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """RETURNS: What `scheme.allowed` adds to log-probabilities: 0 or minus infinity."""
    follows, ends = (torch.from_numpy(part).to(device) for part in scheme.allowed(n_tags))
    zeros = torch.zeros((), device=device)
    return zeros.where(follows, NEVER), zeros.where(ends, NEVER)
