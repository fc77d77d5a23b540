"""Files of each format with a few bytes changed: they are read, or reported, and nothing else."""

import zlib

import pytest
import spacy
from hypothesis import given, settings
from spacy.tokens import Span

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.reading import BadLine, ReadOptions, Sentence
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.export import export
from spacy_deepal.sentences import KEY

from .build import write
from .edits import BYTES, edited, edits

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
@given(changes=edits(BYTES, fewest=1))
def test_a_damaged_file_is_read_or_reported(tmp_path_factory, whole, format, changes):
    content = whole[format] if format != "spacy" else zlib.decompress(whole[format])
    content = edited(content, changes)
    packed = content if format != "spacy" else zlib.compress(content)
    source = write(tmp_path_factory.mktemp(format), packed, f"file{SUFFIXES[format]}")
    try:
        reading = find_reading(source, ReadOptions())
        for item in reading.read(source, NLP):
            assert isinstance(item, Sentence | BadLine)
    except DeepALError as error:
        assert str(source.path) in str(error)  # noqa: PT017 (both ends are right)
