"""Makes static vectors for the words of pools, and saves them in a folder that configs name.

`[initialize] vectors` names it. It is a blank pipeline, as `spacy init vectors` writes it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from numpy.typing import NDArray
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..errors import DeepALError
from ..files import check_replaceable, read_json
from ..pipelines import blank_pipeline, save_pipeline
from ..pool.shards import shard_files
from ..sealed import SEAL
from ..urls import local_path
from .cooccurrence import train_vectors
from .sentence_pieces import average_sentence_pieces
from .table import VectorSource, join_sources, word_table
from .transformer import average_wordpieces
from .word_file import find_vectors

PARTS = {"config.cfg", "meta.json", "tokenizer", "vocab", SEAL}  # of a saved blank pipeline
TABLE_NAME = "_deepal.vectors"  # how the name of a table ends, after the language
TEXT_WORDS = 1_000_000  # most words of text to learn from: memory and time grow with them


@dataclass(frozen=True)
class VectorsSummary:
    """How many of the pools' words have a vector, distinct and in all, and how wide a vector is."""

    distinct: int
    words: int
    distinct_found: int
    words_found: int
    width: int


def make_vectors(
    pools: Sequence[str | Path], output: str | Path, source: VectorSource, *, lang: str = "en"
) -> VectorsSummary:
    """Make a table of vectors for the words of pools and save it, whole or not at all.

    pools (Sequence[str | Path]): Folders of shards, or `.spacy` files.
    output (str | Path): The folder to write. An earlier table there is replaced.
    source (VectorSource): Where the vectors come from, such as `vectors_source` returns.
    lang (str): The language of the pipelines that will use the table.
    RAISES (DeepALError): The language is unknown, there is no pool, no word or no vector for any
        word, or the output holds other things. What the source raises passes through.
    """
    output = local_path(output)
    earlier = _is_table(output)
    check_replaceable(output, lambda path: earlier and path.name in PARTS, "a table of vectors")
    nlp = blank_pipeline(lang)
    vocab = nlp.vocab
    files = [file for pool in pools for file in shard_files(pool)]
    words = Counter(word for sentence in _words_of(files, vocab) for word in sentence)
    if not words:
        raise DeepALError(f"There is no word in {', '.join(map(str, pools))}.")
    vocab.vectors = source(words, vocab)
    vocab.vectors.name = nlp.meta["vectors"]["name"] = f"{lang}{TABLE_NAME}"
    found = [word for word in words if vocab.has_vector(word)]
    if not found:
        raise DeepALError(
            f"None of the {len(words)} words of the pools, such as {next(iter(words))!r}, has a "
            "vector. Choose a source in the language of the pools."
        )
    save_pipeline(nlp, output)
    return VectorsSummary(
        distinct=len(words),
        words=words.total(),
        distinct_found=len(found),
        words_found=sum(words[word] for word in found),
        width=vocab.vectors.shape[1],
    )


def vectors_source(
    *,
    from_file: str | Path | None = None,
    from_transformer: str | Path | None = None,
    from_sentencepiece: str | Path | None = None,
    from_text: Sequence[str | Path] | None = None,
    dim: int | None = None,
) -> VectorSource:
    """Choose the sources of vectors that are named, and join them where there are several: the
    vectors of a word stand side by side, each source scaled to a root mean square of 1.

    from_file (str | Path | None): A file of word vectors, or the folder or name of a pipeline.
    from_transformer (str | Path | None): The local folder of a transformer.
    from_sentencepiece (str | Path | None): The folder of a model of SentencePiece and of a table of
        its pieces.
    from_text (Sequence[str | Path] | None): Pools whose text the vectors are learnt from. If they
        have more than TEXT_WORDS words, it is that of shards drawn at random, or the beginning of
        the only one.
    dim (int | None): The width of each source's vectors. None keeps the source's own, or 100 for
        text.
    RAISES (DeepALError): No source is named.
    """
    sources: dict[str, VectorSource] = {}
    if from_text is not None:
        sources["The text"] = partial(_learn, from_text, dim or 100)
    for place, find in (
        (from_transformer, average_wordpieces),
        (from_sentencepiece, average_sentence_pieces),
        (from_file, find_vectors),
    ):
        if place is not None:
            sources[str(place)] = partial(_look_up, place, find, dim)
    if not sources:
        raise DeepALError(
            "No source of vectors is named. Name one or more: --from-text, --from-transformer, "
            "--from-sentencepiece, --from-file."
        )
    if len(sources) == 1:
        return next(iter(sources.values()))
    return partial(join_sources, sources)


def _learn(pools: Sequence[str | Path], dim: int, words: Counter[str], vocab: Vocab) -> Vectors:
    files = [file for pool in pools for file in shard_files(pool)]
    if words.total() > TEXT_WORDS:
        Random(0).shuffle(files)
    return train_vectors(_first(_words_of(files, vocab), TEXT_WORDS), vocab, dim)


def _first(sentences: Iterable[list[str]], most: int) -> Iterator[list[str]]:
    """YIELDS (list[str]): Sentences, until they have so many words."""
    read = 0
    for words in sentences:
        if read >= most:
            return
        read += len(words)
        yield words


def _look_up(
    place: str | Path,
    find: Callable[[str | Path, Sequence[str]], NDArray],
    dim: int | None,
    words: Counter[str],
    vocab: Vocab,
) -> Vectors:
    distinct = list(words)
    return word_table(vocab, distinct, find(place, distinct), dim=dim)


def _is_table(folder: Path) -> bool:
    """Whether a folder holds what `make_vectors` saves: a blank pipeline with a table's name."""
    file = folder / "meta.json"
    match read_json(file) if file.is_file() else None:
        case {"vectors": {"name": str(name)}, "pipeline": []}:
            return name.endswith(TABLE_NAME)
    return False


def _words_of(files: Iterable[Path], vocab: Vocab) -> Iterator[list[str]]:
    """YIELDS (list[str]): The words of each sentence, without tokens that are white space."""
    for doc in (doc for file in files for doc in read_docs(file, vocab)):
        yield [token.text for token in doc if not token.is_space]
