"""A table of static vectors for the words of pools, saved as the folder that `[initialize] vectors`
of a config names: a blank pipeline, as `spacy init vectors` makes it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..pool.shards import draft_beside, read_docs, replace_folder, shard_files
from ..pool.sources import blank_pipeline

PARTS = {"config.cfg", "meta.json", "tokenizer", "vocab"}  # what a saved blank pipeline holds


@dataclass(frozen=True)
class VectorsSummary:
    """Distinct words and words of the pools, how many of each have a vector, and its width."""

    words: int
    occurrences: int
    words_found: int
    occurrences_found: int
    width: int


def make_vectors(
    pools: Sequence[str | Path],
    output: str | Path,
    make: Callable[[Counter[str], Vocab], Vectors],
    *,
    lang: str = "en",
) -> VectorsSummary:
    """Make a table of the pools' words and save it, whole or not at all.

    pools (Sequence[str | Path]): Folders of shards, or `.spacy` files.
    output (str | Path): Folder that is made, or replaced when it holds nothing but such a table.
    make (Callable): Gets the words with their counts and the vocab; returns the table.
    lang (str): Language of the pipelines that will use it.
    RAISES (DeepALError): For an unknown language, no pool, pools without words, no vector for any
        word, a folder that holds other things.
    """
    output = Path(output)
    check_replaceable(output)
    nlp = blank_pipeline(lang)
    words = count_pool_words(pools, nlp.vocab)
    nlp.vocab.vectors = make(words, nlp.vocab)
    nlp.vocab.vectors.name = nlp.meta["vectors"]["name"] = f"{lang}_deepal.vectors"
    found = [word for word in words if nlp.vocab.has_vector(word)]
    if not found:
        raise DeepALError(
            f"None of the {len(words)} words of the pools, such as {next(iter(words))!r}, got a "
            "vector. Take a source of the pools' language."
        )
    with draft_beside(output) as draft:
        nlp.to_disk(draft)
        replace_folder(draft, output)
    return VectorsSummary(
        words=len(words),
        occurrences=words.total(),
        words_found=len(found),
        occurrences_found=sum(words[word] for word in found),
        width=nlp.vocab.vectors.shape[1],
    )


def count_pool_words(pools: Sequence[str | Path], vocab: Vocab) -> Counter[str]:
    """RETURNS (Counter): The real words of pools and how often each is there.

    RAISES (DeepALError): There is no pool, or no word in any.
    """
    words = Counter(word for doc in read_pools(pools, vocab) for word in real_words(doc))
    if not words:
        raise DeepALError(f"There is no word in {', '.join(map(str, pools))}.")
    return words


def read_pools(pools: Sequence[str | Path], vocab: Vocab) -> Iterator[Doc]:
    """Read the sentences of pools one behind the other. RAISES (DeepALError): As `read_docs`."""
    files = [file for pool in pools for file in shard_files(pool)]
    return (doc for file in files for doc in read_docs(file, vocab))


def real_words(doc: Doc) -> list[str]:
    """RETURNS (list[str]): The words of a sentence that are not white space."""
    return [token.text for token in doc if not token.is_space]


def word_table(vocab: Vocab, words: Iterable[str], rows: NDArray) -> Vectors:
    """A table keyed by word, words with equal vectors sharing a row.

    rows (array[n_words, D]): A word's vector; a word whose row is zero gets none.
    """
    rows = np.asarray(rows, "float32")
    kept = np.flatnonzero(rows.any(axis=1)).tolist()
    words = list(words)
    table = Vectors(strings=vocab.strings, shape=(len(kept), rows.shape[1]))
    for row, index in enumerate(kept):
        table.add(words[index], vector=rows[index], row=row)
    return table


def check_replaceable(folder: Path) -> None:
    """Make sure that a table can be written here without loss of anything but an earlier table.

    RAISES (DeepALError): The place is a file or a folder that holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise DeepALError(f"{folder} is a file. Name a folder to write the vectors to.")
    names = {path.name for path in folder.glob("*")}
    if names and not (names <= PARTS and "vocab" in names):
        raise DeepALError(
            f"{folder} holds other things than a table of vectors ({min(names - PARTS or names)!r}) "
            "and is left as it is. Name a new or an empty folder."
        )
