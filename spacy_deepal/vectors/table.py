"""A table of static vectors for the words of pools, saved as the folder that `[initialize] vectors`
of a config names: a blank pipeline, as `spacy init vectors` makes it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..errors import DeepALError
from ..files import draft_beside, read_json, replace_folder
from ..pipelines import blank_pipeline
from ..pool.shards import shard_files

PARTS = {"config.cfg", "meta.json", "tokenizer", "vocab"}  # what a saved blank pipeline holds
NAME = "_deepal.vectors"  # how the name of a table ends, behind the language
Source = Callable[[Sequence[str], Vocab], Vectors]  # distinct words and their vocab to a table


@dataclass(frozen=True)
class VectorsSummary:
    """Distinct words of the pools and all their words, how many of each have a vector, and the
    width of a vector."""

    distinct: int
    words: int
    distinct_found: int
    words_found: int
    width: int


def make_vectors(
    pools: Sequence[str | Path], output: str | Path, source: Source, *, lang: str = "en"
) -> VectorsSummary:
    """Make a table of vectors for the words of pools and save it, whole or not at all.

    pools (Sequence[str | Path]): Folders of shards, or `.spacy` files.
    output (str | Path): Is made, or replaced when it holds nothing but such a table.
    source (Source): Where the vectors come from.
    lang (str): Language of the pipelines that will use the table.
    RAISES (DeepALError): For an unknown language; no pool, or none with a word; no vector for any
        word; an output that holds other things; what the source raises.
    """
    output = Path(output)
    check_replaceable(output)
    nlp = blank_pipeline(lang)
    vocab = nlp.vocab
    words = Counter(word for doc in read_pools(pools, vocab) for word in real_words(doc))
    if not words:
        raise DeepALError(f"There is no word in {', '.join(map(str, pools))}.")
    vocab.vectors = source(list(words), vocab)
    vocab.vectors.name = nlp.meta["vectors"]["name"] = f"{lang}{NAME}"
    found = [word for word in words if vocab.has_vector(word)]
    if not found:
        raise DeepALError(
            f"None of the {len(words)} words of the pools, such as {next(iter(words))!r}, has a "
            "vector. Take a source of the pools' language."
        )
    with draft_beside(output) as draft:
        nlp.to_disk(draft)
        replace_folder(draft, output)
    return VectorsSummary(
        distinct=len(words),
        words=words.total(),
        distinct_found=len(found),
        words_found=sum(words[word] for word in found),
        width=vocab.vectors.shape[1],
    )


def check_replaceable(folder: Path) -> None:
    """Make sure that a table can be written here without loss of anything but an earlier table.

    RAISES (DeepALError): The place is a file or a folder that holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise DeepALError(f"{folder} is a file. Name a folder to write the vectors to.")
    files = {path.name for path in folder.glob("*")}
    if others := files - PARTS:
        raise DeepALError(
            f"{folder} holds other things than a table of vectors ({min(others)!r}, {len(others)} "
            "in all) and is left as it is. Name a new or an empty folder."
        )
    if files and not _is_table(folder):
        raise DeepALError(
            f"{folder} holds no table of `spacy deepal vectors` and is left as it is. Name a new "
            "or an empty folder."
        )


def _is_table(folder: Path) -> bool:
    """Whether a saved pipeline is what `make_vectors` saves: the table by its name, and nothing."""
    file = folder / "meta.json"
    meta = read_json(file) if file.is_file() else {}
    name = meta.get("vectors", {}).get("name") or ""
    return name.endswith(NAME) and not meta.get("pipeline")


def read_pools(pools: Sequence[str | Path], vocab: Vocab) -> Iterator[Doc]:
    """Read the sentences of pools one behind the other. RAISES (DeepALError): As `read_docs`."""
    files = [file for pool in pools for file in shard_files(pool)]
    return (doc for file in files for doc in read_docs(file, vocab))


def real_words(doc: Doc) -> list[str]:
    """RETURNS (list[str]): The words of a sentence that are not white space."""
    return [token.text for token in doc if not token.is_space]


def word_table(
    vocab: Vocab, words: Sequence[str], rows: NDArray, *, dim: int | None = None
) -> Vectors:
    """A table keyed by word. Words with the same vector share a row of it.

    rows (array[n_words, D]): A vector for each word; a word whose row is zero has none.
    dim (int | None): Width to reduce the vectors to; None: as they are.
    RAISES (DeepALError): For a `dim` that the vectors do not have.
    """
    kept = np.flatnonzero(rows.any(1))
    data = np.asarray(rows[kept], "float32")
    if dim is not None and len(data):
        data = principal_components(data, dim)
    first: dict[bytes, int] = {}  # the row of each distinct vector
    rows_of = [first.setdefault(vector.tobytes(), len(first)) for vector in data]
    table = Vectors(strings=vocab.strings, shape=(len(first), data.shape[1]))
    for i, row in zip(kept.tolist(), rows_of, strict=True):
        table.add(words[i], row=row)
    table.data[rows_of] = data
    return table


def principal_components(rows: NDArray, dim: int) -> NDArray[np.float32]:
    """Project vectors to the `dim` directions in which they vary most, the most varied first.

    rows (array[N, D]): One vector a row.
    RETURNS (array[N, dim]): Of mean zero. Of a direction and its opposite that one is taken whose
        largest component is positive, so that a table comes out the same each time.
    RAISES (DeepALError): When `dim` is not from 1 to D.
    """
    if not 1 <= dim <= rows.shape[1]:
        raise DeepALError(f"The vectors have a width of {rows.shape[1]}: no dim of {dim} from it.")
    centred = rows.astype("float64") - rows.mean(0, dtype="float64")
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :dim]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(dim)])
    return (centred @ axes).astype("float32")
