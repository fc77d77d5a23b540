"""`.spacy` files: written and read as streams of Docs, and read as a source of sentences."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab
from srsly.msgpack import Packer, Unpacker
from thinc.types import Ints2d

from ..errors import DeepALError
from ..files import write_atomically
from ..sentences import INFO_KEYS, KEY
from .sources import BadLine, Sentence

ATTRS = ("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE")  # stored for every Doc
# Stored only if a Doc has them: what other components of a pipeline learn from.
OTHER_ATTRS = ("TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START", "ENT_KB_ID", "ENT_ID")


def doc_bin(docs: Sequence[Doc]) -> DocBin:
    """Pack Docs with all annotation that they have.

    This is `DocBin(attrs=..., store_user_data=True, docs=docs)`, but several times faster: for each
    Doc, DocBin itself has srsly look through all installed entry points.
    """
    doc_bin = DocBin(attrs=[*ATTRS, *other_annotation(docs)], docs=docs)
    packer = Packer(use_bin_type=True)
    doc_bin.user_data = [packer.pack(doc.user_data) for doc in docs]
    doc_bin.store_user_data = True
    return doc_bin


def other_annotation(docs: Iterable[Doc]) -> list[str]:
    """RETURNS (list[str]): Those of OTHER_ATTRS that at least one of the Docs has."""
    found = dict.fromkeys(OTHER_ATTRS, False)
    for doc in docs:
        for attr in OTHER_ATTRS:
            # spaCy takes every Doc of one word for annotated with the start of a sentence.
            enough_words = len(doc) > (attr == "SENT_START")
            found[attr] = found[attr] or (enough_words and doc.has_annotation(attr))
    return [attr for attr in OTHER_ATTRS if found[attr]]


def write_docs(docs: Iterable[Doc], path: str | Path) -> None:
    """Write Docs with all annotation that they have as one .spacy file, whole or not at all."""
    with write_atomically(path, "wb") as stream:
        stream.write(doc_bin(list(docs)).to_bytes())


def read_docs(file: Path, vocab: Vocab) -> Iterator[Doc]:
    """Read any `.spacy` file, with ids or without.

    RAISES (DeepALError): The file cannot be read.
    """
    try:
        doc_bin = DocBin().from_disk(file)
        user_data = _unpack(doc_bin.user_data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepALError(
            f"{file} cannot be read as a .spacy file ({type(error).__name__}). "
            "It is damaged or has another format: write it again."
        ) from error
    doc_bin.user_data = []
    for doc, data in zip(doc_bin.get_docs(vocab), user_data, strict=True):
        doc.user_data.update(data)
        yield doc


def _unpack(packed: list[bytes | None]) -> list[dict]:
    """Unpack the user data of all Docs at once. That makes reading ten times as fast, for the
    reason given in `doc_bin`."""
    nothing = Packer().pack({})
    size = sum(map(len, filter(None, packed)), len(packed))
    unpacker = Unpacker(use_list=False, raw=False, max_buffer_size=size)
    unpacker.feed(b"".join(data or nothing for data in packed))
    return list(unpacker)


def read_spacy(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a .spacy file, and cut Docs of several sentences into these.

    All annotation of the tokens is kept, and so are span groups, but for spans that go beyond a
    sentence. Ids, documents and genres of an earlier pool are kept too, but the sentences of a Doc
    that is cut get new ids.
    """
    for number, doc in enumerate(read_docs(file, nlp.vocab), 1):
        given = doc.user_data.get(KEY) or {}
        info = {key: given.get(key) for key in INFO_KEYS}
        sentences = list(doc.sents) if doc.has_annotation("SENT_START") else []
        if len(sentences) < 2:
            yield Sentence(doc, number, **info)
        elif any(sentence[0].ent_iob_ == "I" for sentence in sentences):
            yield BadLine(number, "an entity goes on into the next sentence", doc.text)
        elif any(not s.start <= token.head.i < s.end for s in sentences for token in s):
            yield BadLine(number, "a dependency goes on into the next sentence", doc.text)
        else:
            doc_id = info["doc_id"] or f"{file.stem}-{number:04}"
            for sentence in _cut(doc, sentences):
                yield Sentence(sentence, number, doc_id=doc_id, genre=info["genre"])


def _cut(doc: Doc, sentences: Sequence[Span]) -> Iterator[Doc]:
    """As `Span.as_doc`, which copies the annotation of the whole Doc for each sentence: too slow
    for a book."""
    attrs: list[int | str] = ["ENT_IOB", "ENT_TYPE", *other_annotation([doc])]
    annotation = cast(Ints2d, doc.to_array(attrs))  # the stubs of spaCy say floats
    groups = {key: list(group) for key, group in doc.spans.items()}
    for sentence in sentences:
        words = [token.text for token in sentence]
        spaces = [bool(token.whitespace_) for token in sentence]
        part = Doc(doc.vocab, words=words, spaces=None if doc.has_unknown_spaces else spaces)
        part.from_array(attrs, annotation[sentence.start : sentence.end])
        for key, spans in groups.items():
            part.spans[key] = [
                Span(
                    part,
                    span.start - sentence.start,
                    span.end - sentence.start,
                    label=span.label,
                    kb_id=span.kb_id,
                    span_id=span.id,
                )
                for span in spans
                if sentence.start <= span.start and span.end <= sentence.end
            ]
        yield part
