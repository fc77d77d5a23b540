"""Vectors from a file, as word2vec, fastText and GloVe publish them, or from a spaCy pipeline."""

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..pipelines import load_pipeline
from ..progress import progress_bar
from ..tagger.lexicon import case_forms

REMEDY = (
    "A line must be a word and the numbers of its vector, separated by single spaces, as in the "
    "text format of word2vec and GloVe. Save a binary file as text."
)
MOST_DIGITS = 6  # of a width in the first line


def find_vectors(source: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Look up the vectors of words. A missing word gets the vector of its lower-case form, or else
    of its title-case or upper-case form.

    source (str | Path): A text file of vectors, also `.gz`, or the folder or name of a pipeline.
    words (Sequence[str]): Distinct words.
    RETURNS (array[n_words, D]): The vectors, with zeros for a word that is missing in all forms.
    RAISES (DeepALError): There is no such file or pipeline, or a line is malformed.
    """
    wanted = {form for word in words for form in case_forms(word)}
    if Path(source).is_file():
        found = read_word_file(Path(source), wanted)
    else:
        found = _pipeline_vectors(load_pipeline(str(source)).vocab, wanted)
    width = len(next(iter(found.values()), ()))
    nothing = np.zeros(width, "float32")
    forms = (next((form for form in case_forms(word) if form in found), None) for word in words)
    return np.stack([nothing if form is None else found[form] for form in forms])


def _pipeline_vectors(vocab: Vocab, wanted: Collection[str]) -> dict[str, NDArray[np.float32]]:
    known = (form for form in wanted if vocab.has_vector(form))
    return {form: np.asarray(vocab.get_vector(form), "float32") for form in known}


def read_word_file(file: Path, wanted: Collection[str]) -> dict[str, NDArray[np.float32]]:
    """Read the vectors of some words from a text file as a stream.

    file (Path): Each line has a word and its numbers. A first line "count width" is optional.
    wanted (Collection[str]): The words to keep. Of other words only the count of numbers is
        checked.
    RETURNS (dict[str, array[D]]): The vectors. The first one counts if a word has several.
    RAISES (DeepALError): The file cannot be read, or a line is malformed.
    """
    keys = {word.encode("utf8"): word for word in wanted}
    found: dict[str, NDArray[np.float32]] = {}
    width = None
    for number, line in _lines(file):
        count = line.count(b" ")
        if width is None:
            header = count == 1 and line.replace(b" ", b"").isdigit()
            if header and len(line.split(b" ")[1]) > MOST_DIGITS:
                raise DeepALError(f"{file}, line {number} gives an impossible width. {REMEDY}")
            width = int(line.split(b" ")[1]) if header else count
            if header:
                continue
        word = line.partition(b" ")[0] if count == width else line.rsplit(b" ", width)[0]
        if count < width or width < 1:
            raise DeepALError(f"{file}, line {number} has {count} numbers, not {width}. {REMEDY}")
        if word in keys and keys[word] not in found:
            found[keys[word]] = _parse(line[len(word) + 1 :], file, number)
    return found


def _parse(numbers: bytes, file: Path, line: int) -> NDArray[np.float32]:
    try:
        vector = np.asarray(numbers.split(b" ")).astype("float32")
    except ValueError:
        vector = np.asarray([np.nan])
    if not np.isfinite(vector).all():
        raise DeepALError(f"{file}, line {line} does not hold a vector: {numbers[:60]!r}. {REMEDY}")
    return vector


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    r"""Read a file, unpacked if it is a `.gz`. Only "\n" ends a line, since words may contain other
    line ends of Unicode. YIELDS (tuple[int, bytes]): The number of a line, from 1, and the line."""
    total = file.stat().st_size
    try:
        with (
            file.open("rb") as raw,
            progress_bar(title="vectors", total=total, unit="B", unit_scale=True) as bar,
        ):
            stream = gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw
            for number, line in enumerate(stream, 1):
                line = line.removeprefix(BOM_UTF8) if number == 1 else line
                yield number, line.rstrip(b" \r\n")
                if number % 1000 == 0:
                    bar.update(raw.tell() - bar.n)
    except (OSError, EOFError, zlib.error) as error:
        raise DeepALError(f"{file} cannot be read: {error}. Download it again.") from error
