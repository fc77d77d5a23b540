"""What the tests of all formats share: reading a file's content, and looking at what comes out."""

import spacy

from spacy_deepal.corpus.folders import open_all
from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.reading import BadLine, ReadOptions

EN = spacy.blank("en")
ZH = spacy.blank("zh")


def write(folder, content, name="file.txt"):
    """Write a file, and open it as a source."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (source,), _ = open_all(file)
    return source


def read(folder, format, content, *, name="file.txt", nlp=EN, **options):
    source = write(folder, content, name)
    reading = find_reading(source, ReadOptions(format=format, **options))
    return list(reading.read(source, nlp))


def how(folder, content, *, name="file.txt", **options):
    """The format that is detected, and what is taken for what."""
    reading = find_reading(write(folder, content, name), ReadOptions(**options))
    return reading.format, reading.how


def entities(sentence):
    return [(entity.text, entity.label_) for entity in sentence.doc.ents]


def words(sentence):
    return [token.text for token in sentence.doc]


def tags(doc):
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else t.ent_iob_ for t in doc]


def problem(item):
    assert isinstance(item, BadLine)
    return item.line, item.message
