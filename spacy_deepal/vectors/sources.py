"""Where vectors come from: each source gets the words of the pools and makes their table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import DeepALError
from .distil import distil_words
from .pieces import average_pieces
from .table import Source, read_pools, word_table
from .text import train_floret
from .word_file import find_vectors


def make_source(
    *,
    from_file: str | Path | None = None,
    from_transformer: str | Path | None = None,
    from_text: Sequence[str | Path] | None = None,
    method: Literal["pieces", "distil"] | None = None,
    dim: int | None = None,
    epochs: int | None = None,
) -> Source:
    """Make the one source that is named.

    from_file (str | Path | None): A word-vector file, or a pipeline with vectors: folder or name.
    from_transformer (str | Path | None): Local folder of a transformer.
    from_text (Sequence[str | Path] | None): Pools to learn from.
    method (str | None): Of a transformer: "pieces" averages input embeddings (None, too), "distil"
        its output.
    dim (int | None): Width of the vectors; None: the source's own, 100 for text.
    epochs (int | None): Passes over the text; None: 60.
    RAISES (DeepALError): None is named, or more than one; an option of another source.
    """
    named = [item is not None for item in (from_file, from_transformer, from_text)]
    if sum(named) != 1:
        raise DeepALError(
            f"Name one source of vectors, not {sum(named)}: --from-file, --from-transformer or "
            "--from-text."
        )
    for option, value, flag, of in (
        ("--method", method, "--from-transformer", from_transformer),
        ("--epochs", epochs, "--from-text", from_text),
    ):
        if value is not None and of is None:
            raise DeepALError(f"{option} says nothing without {flag}: leave it out.")

    def source(words: Sequence[str], vocab: Vocab) -> Vectors:
        if from_text is not None:
            docs = read_pools(from_text, vocab)
            return train_floret(docs, vocab, dim=dim or 100, epochs=epochs or 60)
        if from_file is not None:
            rows = find_vectors(from_file, words)
        elif method == "distil":
            rows = distil_words(from_transformer, words)
        else:
            rows = average_pieces(from_transformer, words)
        return word_table(vocab, words, rows, dim=dim)

    return source
