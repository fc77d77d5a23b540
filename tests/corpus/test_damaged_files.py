"""Files of each format with a few bytes changed: they are read, or reported, and nothing else."""

import zlib

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Span

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.reading import BadLine, ReadOptions, Sentence
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.export import export
from spacy_deepal.sentences import KEY

from .build import write

NLP = spacy.blank("en")
SUFFIXES = {
    "iob2": ".iob2",
    "conll2003": ".conll",
    "conll2012": ".conll",
    "conllu": ".conllu",
    "csv": ".csv",
    "jsonl": ".jsonl",
    "doccano": ".jsonl",
    "hugging_face": ".jsonl",
    "prodigy": ".jsonl",
    "label_studio": ".json",
    "label_studio_min": ".json",
    "spacy2": ".json",
    "inline": ".txt",
    "spacy": ".spacy",
}
PIECES = [*b'\t\n\r"{}[],:-#O019\xff', "\ufeff".encode(), b"null", b"1e9", b"9" * 30, b"\\ud800"]
pieces = st.sampled_from([bytes([p]) if isinstance(p, int) else p for p in PIECES])
changes = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), pieces | st.binary(max_size=3)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The content of a file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    docs = [NLP.make_doc(f"Mia Ota met Bo{number} in Porto .") for number in range(3)]
    for doc in docs:
        doc.set_ents([Span(doc, 0, 2, "PER"), Span(doc, 5, 6, "LOC")])
        doc.user_data[KEY] = {"id": doc[3].text, "doc_id": "d", "genre": None}
    write_docs(docs, folder / "in.spacy")
    for format in SUFFIXES:
        export(folder / "in.spacy", folder / format, format)
    return {format: (folder / format).read_bytes() for format in SUFFIXES}


@pytest.mark.parametrize("format", SUFFIXES)
@settings(max_examples=60, deadline=None)
@given(changes=changes)
def test_a_damaged_file_is_read_or_reported(tmp_path_factory, whole, format, changes):
    content = whole[format] if format != "spacy" else zlib.decompress(whole[format])
    for at, gone, piece in changes:
        place = int(at * len(content))
        content = content[:place] + piece + content[place + gone :]
    packed = content if format != "spacy" else zlib.compress(content)
    source = write(tmp_path_factory.mktemp(format), packed, f"file{SUFFIXES[format]}")
    try:
        reading = find_reading(source, ReadOptions())
        for item in reading.read(source, NLP):
            assert isinstance(item, Sentence | BadLine)
    except DeepALError as error:
        assert str(source.path) in str(error)  # noqa: PT017 (both ends are right)
