"""What a prediction shows of its certainty: all that acquisition functions may look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import DeepALError
from ..seeds import derive_seed
from .context import context_tensor
from .features import distinct_words, split, word_tensors
from .inference import Inference
from .network import CnnCnnLstm
from .prediction import Paths, check_vectors, layouts
from .shim import NetworkShim


@dataclass(frozen=True)
class Evidence:
    """One sentence as the model sees it. The arrays are None where nobody asked for them.

    id (str): The sentence.
    words (int): Its real words; white space does not count.
    uniform (float): A random number from [0, 1) that belongs to this sentence and seed.
    tags (array[words]): The greedy path.
    log_probs (array[words]): log P of each tag of the path, given the path before it.
    tag_log_probs (array[words, n_tags]): The same for every tag.
    samples (array[M, words]): The greedy paths of M networks drawn by MC dropout.
    """

    id: str
    words: int
    uniform: float
    tags: NDArray | None = None
    log_probs: NDArray | None = None
    tag_log_probs: NDArray | None = None
    samples: NDArray | None = None


def path_log_probs(paths: Paths) -> list[NDArray]:
    """RETURNS (list[array[n_words]]): log P of each tag on the greedy path, per Doc."""
    return [
        np.take_along_axis(log_probs, tags[:, None], 1)[:, 0]
        for tags, log_probs in zip(paths.tags, paths.log_probs, strict=True)
    ]


def sample_paths(
    model: Model,
    docs: Sequence[Doc],
    context: Sequence[Floats2d | None],
    *,
    samples: int,
    seed: int,
    batch_words: int,
    first: int = 0,
) -> list[NDArray]:
    """Decode with M networks drawn by MC dropout (Gal & Ghahramani 2016; Shen et al. 2017, 4.3).

    A sample is one set of dropped units, the same for all sentences, and decodes its own path. So a
    sentence's samples depend on the weights, the seed and M alone. Word drop takes no part: it
    corrupts training input. Nor does a tok2vec: it has run once, without dropout, and all samples
    read what it said, since the component that makes it may be shared, frozen or not torch at all.
    The network's state is left as it was.

    context (Sequence[array[n_words, width] | None]): What `predict_context` said of the Docs.
    samples (int): M.
    seed (int): Which networks are drawn.
    first (int): How many of the M to leave out, from the first.
    batch_words (int): Most words, padding counted, that are decoded at once.
    RETURNS (list[array[M - first, n_words]]): Tags, per Doc.
    RAISES (DeepALError): When the network has no dropout, so that all samples would agree.
    """
    shim: NetworkShim = model.shims[0]
    network = shim.network
    masks = draw_masks(network, samples, seed)[first:]
    paths = [np.zeros((len(masks), 0), "int16") for _ in docs]
    distinct, sentences = distinct_words(docs)
    if not len(distinct):
        return paths
    check_vectors(shim, docs[0].vocab)
    rows = shim.lexicon.find(docs[0].vocab, distinct)
    words = word_tensors(shim.lexicon, np.append([0, 1], rows), network, shim.device)
    groups = list(layouts(shim, [index + 3 for index in sentences], batch_words))
    tokvecs = [context_tensor(shim, [context[i] for i in group]) for group, _, _ in groups]
    tables = [np.empty((len(masks), sum(lengths)), "int16") for _, lengths, _ in groups]
    for m, sample in enumerate(masks):
        with network.sampled(sample):
            inference = Inference(network)
        inference.add(words)
        for (_, _, layout), rows, table in zip(groups, tokvecs, tables, strict=True):
            table[m] = inference.decode(layout, rows)[0][layout.places].cpu().numpy()
    for (group, lengths, _), table in zip(groups, tables, strict=True):
        for i, path in zip(group, split(table.T, lengths), strict=True):
            paths[i] = path.T
    return paths


def sample_outputs(
    model: Model,
    docs: Sequence[Doc],
    context: Sequence[Floats2d | None],
    *,
    samples: int,
    seed: int,
    batch_words: int,
) -> list[NDArray]:
    """As `sample_paths`, with the dropout between decoder and tags alone: the network runs once,
    and each sample votes at each word, given the greedy path before it.

    RETURNS (list[array[M, n_words]]): Tags, per Doc.
    """
    shim: NetworkShim = model.shims[0]
    masks = torch.stack([sample[-1] for sample in draw_masks(shim.network, samples, seed, last=1)])
    paths = [np.zeros((samples, 0), "int16") for _ in docs]
    distinct, sentences = distinct_words(docs)
    if not len(distinct):
        return paths
    check_vectors(shim, docs[0].vocab)
    inference, rows = shim.inference(docs[0].vocab, distinct)
    weights = masks.to(inference.output).unsqueeze(2) * inference.output  # [M, width, tags]
    groups = layouts(shim, [rows[index] for index in sentences], batch_words)
    for group, lengths, layout in groups:
        tokvecs = context_tensor(shim, [context[i] for i in group])
        hidden = weights.new_empty((sum(lengths), weights.shape[1]))
        inference.decode(layout, tokvecs, hidden)
        hidden = hidden[layout.places]
        votes = [torch.addmm(inference.output_bias, hidden, each).argmax(1) for each in weights]
        table = torch.stack(votes, 1).to(torch.int16).cpu().numpy()
        for i, path in zip(group, split(table, lengths), strict=True):
            paths[i] = path.T
    return paths


def draw_masks(
    network: CnnCnnLstm, samples: int, seed: int, last: int = 0
) -> list[list[torch.Tensor]]:
    """The masks of M networks drawn by MC dropout.

    last (int): Of so many of the last dropouts alone; 0: of all.
    RAISES (DeepALError): When these have a rate of 0, so that all samples would agree.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "MC dropout"))
    masks = [network.sample_masks(generator)[-last:] for _ in range(samples)]
    if all((mask == 1).all() for sample in masks for mask in sample):
        raise DeepALError(
            "MC dropout needs dropout, and this model was trained without. Train it with a "
            "[training] dropout above 0, or set the dropouts of spacy_deepal.CnnCnnLstm.v1."
        )
    return masks
