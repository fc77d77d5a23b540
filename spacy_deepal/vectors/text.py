"""Vectors from the words of pools themselves: floret, which has a vector for any word."""

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import floret
import numpy as np
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import DeepALError
from .table import real_words

# For pools of 30,000 to 100,000 words; floret's own defaults are for a thousand times as many.
WINDOW = 2  # words on each side: near ones tell the kind of a word, far ones the topic
SUBSAMPLING = 1e-2  # share of the text from which on a word is too frequent to read each time
BUCKETS = 50_000  # rows of the table, shared by words and their character n-grams
NGRAMS = 2, 5  # least and most characters of an n-gram


def train_floret(docs: Iterable[Doc], vocab: Vocab, *, dim: int = 100, epochs: int = 60) -> Vectors:
    """Train floret (https://github.com/explosion/floret), skip-gram, on sentences. It runs in one
    thread from one seed, which it lets nobody set: the same sentences give the same table.

    docs (Iterable[Doc]): Sentences, labelled or not.
    dim (int): Width of the vectors.
    epochs (int): How often it reads the sentences: the fewer they are, the more often.
    RETURNS (Vectors): In mode "floret".
    RAISES (DeepALError): Too few words.
    """
    with TemporaryDirectory() as folder:
        text, table = Path(folder, "text.txt"), Path(folder, "floret.txt")
        with text.open("w", encoding="utf8") as stream:
            stream.writelines(" ".join(real_words(doc)) + "\n" for doc in docs)
        try:
            model = floret.train_unsupervised(
                str(text),
                model="skipgram",
                mode="floret",
                hashCount=2,
                bucket=BUCKETS,
                minn=NGRAMS[0],
                maxn=NGRAMS[1],
                minCount=1,
                ws=WINDOW,
                t=SUBSAMPLING,
                dim=dim,
                epoch=epochs,
                thread=1,
                verbose=2 if sys.stderr.isatty() else 0,
            )
        except (RuntimeError, ValueError) as error:
            raise DeepALError(
                f"floret cannot learn from these pools: {error} Take a larger pool, or another "
                "source of vectors."
            ) from error
        model.save_floret_vectors(str(table))
        return _read_table(table, vocab)


def _read_table(file: Path, vocab: Vocab) -> Vectors:
    with file.open(encoding="utf8") as lines:
        rows, dim, minn, maxn, hash_count, hash_seed, bow, eow = next(lines).split()
        data = np.loadtxt(lines, "float32", usecols=range(1, int(dim) + 1), comments=None, ndmin=2)
    assert len(data) == int(rows)
    return Vectors(
        strings=vocab.strings,
        data=data,
        mode="floret",
        minn=int(minn),
        maxn=int(maxn),
        hash_count=int(hash_count),
        hash_seed=int(hash_seed),
        bow=bow,
        eow=eow,
    )
