"""`.spacy` files: written and read as streams of Docs, and read as a source of sentences."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from spacy.attrs import DEP, ENT_ID, ENT_IOB, ENT_KB_ID, ENT_TYPE, LEMMA, ORTH, POS, TAG
from spacy.language import Language
from spacy.parts_of_speech import NAMES as PARTS_OF_SPEECH
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab
from srsly.msgpack import Packer, Unpacker
from thinc.types import Ints2d

from ..errors import DeepALError
from ..files import write_atomically
from ..sentences import INFO_KEYS, KEY, LABELS
from .archives import MAX_GROWTH, MAX_UNPACKED
from .reading import BadLine, Reading, ReadOptions, Sentence
from .sources import Source

ATTRS = ("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE")  # stored for every Doc
# Stored only if a Doc has them: what other components of a pipeline learn from.
OTHER_ATTRS = ("TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START", "ENT_KB_ID", "ENT_ID")

OF_EACH_DOC = ("tokens", "spaces", "cats", "flags", "span_groups")  # what a DocBin has
LARGE = 1 << 20  # bytes
STRINGS = (ORTH, TAG, LEMMA, DEP, ENT_TYPE, ENT_KB_ID, ENT_ID)  # their values are strings' hashes
IOB_CODES, PARTS = frozenset(range(4)), frozenset(PARTS_OF_SPEECH)
# What spaCy and msgpack raise for content that is not a DocBin.
NOT_A_DOCBIN = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError),
    *(RecursionError, zlib.error),
)


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


def read_docs(
    file: Path,
    vocab: Vocab,
    content: bytes | None = None,
    wanted: Callable[[dict], bool] | None = None,
) -> Iterator[Doc]:
    """Read any `.spacy` file, with ids or without.

    content (bytes | None): What the file holds, if it has been read.
    wanted (Callable | None): Says by its user data whether a Doc is made. None: all are.
    RAISES (DeepALError): The file cannot be read.
    """
    source = Source.of_file(file) if content is None else Source(file, partial(BytesIO, content))
    return _docs_of(source, vocab, wanted)


def move_docs(docs: Sequence[Doc], vocab: Vocab) -> list[Doc]:
    """RETURNS (list[Doc]): Copies of Docs, with all their annotation, that have another vocab."""
    content = doc_bin(docs).to_bytes()
    return list(read_docs(Path("copy.spacy"), vocab, content))


def _docs_of(
    source: Source, vocab: Vocab, wanted: Callable[[dict], bool] | None = None
) -> Iterator[Doc]:
    data = source.read_bytes()
    try:
        _check_growth(data)
        doc_bin = DocBin().from_bytes(data)
        _check_values(doc_bin, vocab)
        user_data = _unpack(doc_bin.user_data)
        doc_bin.user_data = []
        doc_bin.strings.clear()  # the vocab has them; DocBin would make a lexeme of each
        if wanted is not None:
            user_data = _keep(doc_bin, user_data, wanted)
        for doc, of_doc in zip(doc_bin.get_docs(vocab), user_data, strict=True):
            doc.user_data.update(of_doc)
            yield doc
    except NOT_A_DOCBIN as error:
        raise DeepALError(
            f"{source.path} cannot be read as a .spacy file ({type(error).__name__}). "
            "If it has another format, make a pool of it with `spacy deepal convert`. If it is "
            "damaged, write it again."
        ) from error


def _keep(doc_bin: DocBin, user_data: list[dict], wanted: Callable[[dict], bool]) -> list[dict]:
    """Drop what is not wanted. RETURNS (list[dict]): The user data of the rest."""
    kept = [number for number, of_doc in enumerate(user_data) if wanted(of_doc)]
    for name in OF_EACH_DOC:
        column = getattr(doc_bin, name)
        setattr(doc_bin, name, [column[number] for number in kept])
    return [user_data[number] for number in kept]


def _check_values(doc_bin: DocBin, vocab: Vocab) -> None:
    """Make sure that the numbers of tokens stand for something; spaCy looks only when it uses them.

    RAISES (ValueError): They do not.
    """
    for string in doc_bin.strings:
        vocab.strings.add(string)
    columns = dict(
        zip(
            doc_bin.attrs,
            np.vstack([*doc_bin.tokens, np.empty((0, len(doc_bin.attrs)), "uint64")]).T,
            strict=True,
        )
    )
    known: Any
    for attr, known in ((ENT_IOB, IOB_CODES), (POS, PARTS), *((a, vocab.strings) for a in STRINGS)):
        for number in np.unique(columns.get(attr, ())).tolist():
            if number and number not in known:
                raise ValueError(f"{number} stands for nothing")


def _check_growth(data: bytes) -> None:
    """RAISES (OverflowError): A large file is a decompression bomb."""
    if len(data) < LARGE:
        return
    most = max(MAX_UNPACKED, MAX_GROWTH * len(data))
    size, unpacker = 0, zlib.decompressobj()
    while data:
        size += len(unpacker.decompress(data, LARGE))
        data = unpacker.unconsumed_tail
        if size > most:
            raise OverflowError


def _unpack(packed: list[bytes | None]) -> list[dict]:
    """Unpack the user data of all Docs at once. That makes reading ten times as fast, for the
    reason given in `doc_bin`."""
    nothing = Packer().pack({})
    size = sum(map(len, filter(None, packed)), len(packed))
    unpacker = Unpacker(use_list=False, raw=False, max_buffer_size=size)
    unpacker.feed(b"".join(data or nothing for data in packed))
    return list(unpacker)


def spacy_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a .spacy file; none for other files."""
    if source.suffix != ".spacy":
        return []
    return [Reading("spacy", "Docs with their entities", "--format spacy", read_spacy)]


def read_spacy(source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a .spacy file, and cut Docs of several sentences into these.

    All annotation of the tokens is kept, and so are span groups, but for spans that go beyond a
    sentence. Ids, documents and genres of an earlier pool are kept too, and for which types people
    have looked, but the sentences of a Doc that is cut get new ids.
    """
    for number, doc in enumerate(_docs_of(source, nlp.vocab), 1):
        given = doc.user_data.get(KEY) or {}
        if not _is_of_pool(given):
            yield BadLine(number, f"user_data[{KEY!r}] is not what a pool has", doc.text)
            continue
        info: dict[str, Any] = {key: given.get(key) for key in INFO_KEYS}
        sentences = list(doc.sents) if doc.has_annotation("SENT_START") else []
        if len(sentences) < 2:
            yield Sentence(doc, number, **info, names_document=info["doc_id"] is not None)
        elif any(sentence[0].ent_iob_ == "I" for sentence in sentences):
            yield BadLine(number, "an entity goes on into the next sentence", doc.text)
        elif any(not s.start <= token.head.i < s.end for s in sentences for token in s):
            yield BadLine(number, "a dependency goes on into the next sentence", doc.text)
        else:
            doc_id = info["doc_id"] or f"{source.stem}-{number:04}"
            names = info["doc_id"] is not None
            for sentence in _cut(doc, sentences):
                yield Sentence(sentence, number, None, doc_id, info["genre"], names)


def _is_of_pool(given: Any) -> bool:
    """RETURNS (bool): Whether user data say what those of a sentence of a pool may say."""
    if not isinstance(given, dict):
        return False
    labels = given.get(LABELS, ())
    return isinstance(labels, list | tuple) and all(
        value is None or isinstance(value, str) for value in (*map(given.get, INFO_KEYS), *labels)
    )


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
