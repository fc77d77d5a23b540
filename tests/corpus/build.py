"""What the tests of all formats share: reading a file's content, and looking at what comes out."""

import spacy

from spacy_deepal.corpus.formats import READERS
from spacy_deepal.corpus.sources import BadLine

EN = spacy.blank("en")
ZH = spacy.blank("zh")


def read(folder, format, content, *, name="file.txt", nlp=EN):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(READERS[format](file, nlp))


def entities(sentence):
    return [(entity.text, entity.label_) for entity in sentence.doc.ents]


def words(sentence):
    return [token.text for token in sentence.doc]


def tags(doc):
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else t.ent_iob_ for t in doc]


def problem(item):
    assert isinstance(item, BadLine)
    return item.line, item.message
