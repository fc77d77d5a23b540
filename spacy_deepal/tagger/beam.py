"""The most probable consistent path of tags: the greedy one where that is certain, else a search.

A greedy path takes the most probable tag at each word, and what comes later cannot change it. From
few labels such paths often break the tagging scheme, or go on from a first tag that the words
behind it speak against.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from . import scheme
from .inference import Inference
from .layout import Layout

NEVER = float("-inf")


def settled(tags: Tensor, log_probs: Tensor, lengths: Sequence[int]) -> Tensor:
    """Which greedy paths are the most probable of all consistent ones, so that none need be sought.

    A path that leaves the greedy one at a word is at most as probable as that path so far, times
    the tag it takes there. If the greedy path is consistent, and from each word to its end as
    probable as any other tag of that word, nothing can be more probable than it.

    tags (Tensor[n]): Greedy paths, sentence by sentence.
    log_probs (Tensor[n, n_tags]): log P of every tag, given the path before it.
    lengths (Sequence[int]): Words of each sentence, none empty.
    RETURNS (Tensor[len(lengths)]): True where it holds.
    """
    sizes = torch.tensor(lengths, device=tags.device)
    sentence = torch.arange(len(lengths), device=tags.device).repeat_interleave(sizes)
    lasts = sizes.cumsum(0) - 1
    follows, ends = penalties(log_probs.shape[1], log_probs)
    before = tags.roll(1)
    before[lasts - sizes + 1] = log_probs.shape[1]
    possible = log_probs + follows[before]
    possible[lasts] += ends
    chosen = possible.gather(1, tags.unsqueeze(1)).double()  # sums over a whole text are taken off
    others = possible.scatter(1, tags.unsqueeze(1), NEVER).max(1).values
    broken = chosen.isinf().squeeze(1)
    sums = chosen.squeeze(1).masked_fill(broken, 0).cumsum(0)
    to_the_end = sums[lasts][sentence] - sums + chosen.squeeze(1)
    doubt = (broken | (others > to_the_end)).long()
    return torch.zeros_like(sizes).index_add(0, sentence, doubt) == 0


@torch.no_grad()
def search(inference: Inference, layout: Layout, context: Tensor | None, width: int) -> Tensor:
    """Keep the `width` most probable beginnings of a path at each word; none breaks the scheme.

    layout (Layout), context (Tensor | None): As for `Inference.decode`.
    width (int): Of the beam.
    RETURNS (Tensor[n]): Tags of the most probable path that was found, as they are laid out.
    """
    rows = inference.encode(layout, context)
    n_tags, sentences = len(inference.output_bias), layout.active[0]
    follows, ends = penalties(n_tags, rows)
    states = [lstm.start(sentences * width) for lstm in inference.lstms]
    previous = torch.full((sentences, width), n_tags, device=rows.device)
    scores = rows.new_full((sentences, width), NEVER)
    scores[:, 0] = 0  # one beginning, not `width` times the same
    steps, end = [], 0
    for active, following in zip(layout.active, [*layout.active[1:], 0], strict=True):
        now = slice(end, end := end + active)
        words = layout.ids[now].unsqueeze(1).expand_as(previous) + n_tags + 1
        entries = torch.stack([previous.flatten(), words.flatten()], 1)
        gates = F.embedding_bag(entries, inference.tables[2], mode="sum")
        state = inference.lstms[0](rows[now].repeat_interleave(width, 0), states[0], gates)
        for lstm, below in zip(inference.lstms[1:], states[1:], strict=True):
            state = lstm(state, below)
        logits = torch.addmm(inference.output_bias, state, inference.output)
        steps_log_probs = logits.log_softmax(1).view(active, width, n_tags) + follows[previous]
        steps_log_probs[following:] += ends
        scores, choice = (scores.unsqueeze(2) + steps_log_probs).flatten(1).topk(width)
        origin, tags = choice // n_tags, choice % n_tags
        steps.append((origin, tags))
        scores, previous = scores[:following], tags[:following]
        first = torch.arange(0, following * width, width, device=rows.device)
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
    follows, ends = (torch.from_numpy(part).to(like.device) for part in scheme.consistent(n_tags))
    zeros = like.new_zeros(())
    return zeros.where(follows, NEVER), zeros.where(ends, NEVER)
