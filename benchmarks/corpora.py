"""The data of the benchmarks: whole data sets, and shares of their training words."""

import random
from collections.abc import Sequence
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

from spacy_deepal.corpus.docbin import ATTRS
from spacy_deepal.experiment.prepare import prepare
from spacy_deepal.files import write_atomically
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import count_words

SPLITS = ("train", "dev", "test")


def make_corpus(
    data: Path, folder: Path, lang: str, share: float, seed: int, dev_words: int
) -> Path:
    """Make train.spacy, dev.spacy and test.spacy.

    data (Path): A folder that `spacy deepal prepare` takes.
    folder (Path): Where all of it goes. Its pools are made once, so other data need another folder.
    share (float): The share of the training words to train on, in whole sentences that the seed
        draws. With 1, all of them.
    dev_words (int): Most words of dev. They choose the model, and are the same for all systems.
    RETURNS (Path): The folder of the three files, in `folder`.
    """
    pools = folder / "pools"
    if not all((pools / split).is_dir() for split in SPLITS):
        prepare(data, pools, lang=lang)
    corpus = folder / (f"share_{share:g}_seed_{seed}" if share < 1 else "all")
    corpus.mkdir(exist_ok=True)
    vocab = spacy.blank(lang).vocab
    for split in SPLITS:
        docs = list(read_shards(pools / split, vocab))
        if split == "train" and share < 1:
            docs = take(docs, round(share * sum(map(count_words, docs))), seed)
        elif split == "dev":
            docs = take(docs, dev_words, 0)
        with write_atomically(corpus / f"{split}.spacy", "wb") as stream:  # others may read it
            stream.write(DocBin(attrs=ATTRS, docs=docs).to_bytes())
    return corpus


def take(docs: Sequence[Doc], words: int, seed: int) -> list[Doc]:
    """RETURNS (list[Doc]): Sentences in a random order, until they have at least `words` words."""
    docs, taken = list(docs), 0
    random.Random(seed).shuffle(docs)
    for i, doc in enumerate(docs):
        if taken >= words:
            return docs[:i]
        taken += count_words(doc)
    return docs
