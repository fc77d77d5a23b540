"""One reader for each format: a file in, a stream of sentences (and of lines that are not) out."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from ..corpus.docbin import read_docs
from ..errors import DeepALError
from ..sentences import KEY
from .conll2012 import BEGIN, read_conll2012
from .sources import (
    SPLIT_NAMES,
    BadLine,
    Reader,
    Sentence,
    attempt,
    blocks,
    raw_doc,
    read_lines,
    tagged_doc,
)

IOB_TAG = re.compile(r"O|[BI]-\S+")
IOB2_ROW = re.compile(rf"[^\t]+\t({IOB_TAG.pattern})")
TAGGED_ROW = re.compile(rf".*\S[ \t]+({IOB_TAG.pattern})[ \t]*")  # columns of some kind
UNER_ROW = re.compile(rf"[0-9]+\t[^\t]+\t({IOB_TAG.pattern})\t[^\t]*\t[^\t]*")
CONLL2003_ROW = re.compile(rf"([^ \t]+[ \t]+){{3}}({IOB_TAG.pattern})[ \t]*")
INLINE_ENTITY = re.compile(r"\[([^\[\]]+)\]\(([\w.-]+)\)")
COMMENT = re.compile(r"# (genre|doc_id|text) = (.*)", re.DOTALL)
NEWDOC = re.compile(r"# newdoc id = (?P<doc_id>(?:(?P<genre>[a-z]+)-)?.+)")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
SPAN_KEYS = ("spans", "entities", "ents", "label", "labels")
INFO_KEYS = ("id", "doc_id", "genre")
LINES_TO_DETECT = 1000


def read_iob2(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Token, tab, IOB2 tag on each line; a blank line after each sentence; before it comments
    `# genre = `, `# doc_id = `, `# text = `. A line is a comment exactly when it begins with
    "# ". Where the text is given, the Doc's text equals it. Universal NER's rows of five columns
    (number, token, tag, second tag, annotator) are read too, and the comment `# newdoc id = ` of
    Universal Dependencies, before the first sentence of a document; as in the English Web Treebank,
    an id such as "weblog-x" names the genre."""
    document: dict[str, str | None] = {}
    for block in blocks(read_lines(file)):
        rows = [(number, line) for number, line in block if not line.startswith("# ")]
        comments = [(number, line) for number, line in block if line.startswith("# ")]
        for _, line in comments:
            if match := NEWDOC.fullmatch(line):
                document = match.groupdict()
        if rows:
            yield attempt(_parse_iob2, nlp, rows, comments, document)


def _parse_iob2(nlp: Language, rows: list, comments: list, document: dict) -> Sentence:
    words, tags = [], []
    before = "O"
    for number, line in rows:
        word, _, tag = line.partition("\t")
        if UNER_ROW.fullmatch(line):
            _, word, tag, _, _ = line.split("\t")
        if not word or not IOB_TAG.fullmatch(tag):
            raise BadLine(number, "not a token, a tab and an IOB2 tag", line)
        if tag.startswith("I-") and before[2:] != tag[2:]:
            raise BadLine(number, f"{tag} after {before}: in IOB2 an entity begins with B-", line)
        words.append(word)
        tags.append(tag)
        before = tag
    given = {key: (0, value) for key, value in document.items()}
    for number, line in comments:
        if match := COMMENT.fullmatch(line):
            given[match[1]] = (number, match[2])
    spaces = _spaces(words, *given["text"]) if "text" in given else None
    doc_id, genre = (given.get(key, (0, None))[1] for key in ("doc_id", "genre"))
    doc = tagged_doc(nlp, words, tags, spaces)
    return Sentence(doc, rows[0][0], doc_id=doc_id, genre=genre)


def _spaces(words: list[str], number: int, text: str) -> list[bool]:
    """Whether a space follows each word in the text."""
    spaces = []
    at = 0
    for word in words:
        if not text.startswith(word, at):
            raise BadLine(number, f"the text does not go on with the token {word!r}", text[at:])
        at += len(word)
        spaces.append(text.startswith(" ", at))
        at += spaces[-1]
    if at < len(text):
        raise BadLine(number, "the text goes on after the last token", text[at:])
    return spaces


def read_conll2003(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Word, part of speech, chunk, IOB1 or IOB2 tag on each line; a blank line after each
    sentence; a line -DOCSTART- before each document, which is named "stem-0001" and so on."""
    documents = 0
    doc_id = None
    for block in blocks(read_lines(file)):
        rows = [row for row in block if not row[1].startswith("-DOCSTART-")]
        if len(rows) < len(block):
            documents += 1
            doc_id = f"{file.stem}-{documents:04}"
        if rows:
            yield attempt(_parse_conll2003, nlp, rows, doc_id)


def _parse_conll2003(nlp: Language, rows: list, doc_id: str | None) -> Sentence:
    words, tags = [], []
    for number, line in rows:
        columns = re.split("[ \t]+", line.strip(" \t"))
        if len(columns) != 4 or not IOB_TAG.fullmatch(columns[3]):
            raise BadLine(number, "not four columns with an IOB tag as the last", line)
        words.append(columns[0])
        tags.append(columns[3])
    return Sentence(tagged_doc(nlp, words, tags, None), rows[0][0], doc_id=doc_id)


def read_inline(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """One raw sentence a line with its entities as `[surface](LABEL)`, and no other square
    brackets; a blank line between documents, which are named "stem-001" and so on. The genre is
    the stem of the file's name, unless that names a split."""
    genre = None if file.stem.lower() in SPLIT_NAMES else file.stem
    for document, block in enumerate(blocks(read_lines(file)), 1):
        for number, line in block:
            yield attempt(_parse_inline, nlp, number, line, f"{file.stem}-{document:03}", genre)


def _parse_inline(
    nlp: Language, number: int, line: str, doc_id: str, genre: str | None
) -> Sentence:
    text = ""
    spans = []
    at = 0
    for match in INLINE_ENTITY.finditer(line):
        text += line[at : match.start()]
        spans.append((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        at = match.end()
    text += line[at:]
    if "[" in text or "]" in text:
        raise BadLine(number, "square brackets other than [surface](LABEL)", line)
    doc = raw_doc(nlp, text, spans, number)
    return Sentence(doc, number, doc_id=doc_id, genre=genre)


def read_jsonl(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """One JSON object a line: "text", and "spans" of {"start", "end", "label"} or [start, end,
    label] in characters ("entities", "ents", "label" and "labels" are read alike). Without spans
    a record is not labelled; with an empty list it is labelled and has no entity. "id", "doc_id",
    "genre" are kept, from the object itself or from its "meta". What an annotator rejected or
    ignored (Prodigy's "answer") is not labelled. A record stays one Doc, also where its text has
    several sentences."""
    for number, line in read_lines(file):
        if line.strip():
            yield attempt(_parse_jsonl, nlp, number, line)


def _parse_jsonl(nlp: Language, number: int, line: str) -> Sentence:
    record = parse_record(number, line)
    text = record.get("text")
    if not isinstance(text, str):
        raise BadLine(number, 'not an object with a string "text"', line)
    spans = parse_spans(record, len(text), number, line) if accepted(record) else None
    meta = record.get("meta")
    given = {**meta, **record} if isinstance(meta, dict) else record
    info = {key: str(given[key]) for key in INFO_KEYS if given.get(key) is not None}
    return Sentence(raw_doc(nlp, text, spans, number), number, **info)


def parse_record(number: int, line: str) -> dict[str, Any]:
    """RETURNS (dict): The JSON object of a line. RAISES (BadLine): It is none."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise BadLine(number, f"not JSON ({error})", line) from None
    if not isinstance(record, dict):
        raise BadLine(number, "not a JSON object", line)
    if "\\u" in line and LONE_SURROGATE.search(json.dumps(record, ensure_ascii=False)):
        raise BadLine(number, "half of a surrogate pair, which is no character", line)
    return record


def accepted(record: dict) -> bool:
    """RETURNS (bool): No annotator rejected or ignored a JSONL record."""
    return record.get("answer", "accept") == "accept"


def parse_spans(record: dict, length: int, number: int, line: str) -> list | None:
    """The entities of a JSONL record, under any of SPAN_KEYS.

    RETURNS (list | None): (start, end, label) in characters; None when the record has none of the
        keys, that is, was not labelled.
    RAISES (BadLine): An entry is no span of the text.
    """
    marked = next((record[key] for key in SPAN_KEYS if record.get(key) is not None), None)
    if marked is None:
        return None
    spans = []
    for entry in marked if isinstance(marked, list) else [marked]:
        if isinstance(entry, dict):
            entry = [entry.get(key) for key in ("start", "end", "label")]
        match entry:
            case [int(start), int(end), str(label)] if 0 <= start < end <= length and label:
                spans.append((start, end, label))
            case _:
                raise BadLine(
                    number, f"{json.dumps(entry)} is no [start, end, label] in the text", line
                )
    return spans


def read_text(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Raw text, one paragraph a line, cut into sentences at their final punctuation by spaCy's
    sentencizer. Not labelled. The file is one document, named by its stem."""
    sentencizer = Sentencizer()
    for number, line in read_lines(file):
        if line.strip():
            for sentence in sentencizer(nlp.make_doc(line.strip())).sents:
                words = [token.text for token in sentence]
                spaces = [bool(token.whitespace_) for token in sentence[:-1]]
                doc = Doc(nlp.vocab, words=words, spaces=[*spaces, False])
                yield Sentence(doc, number, doc_id=file.stem)


def read_spacy(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """A .spacy file. Docs with several sentences are cut into them; ids, documents and genres of
    an earlier pool are kept, but the sentences of a cut Doc get new ids."""
    for number, doc in enumerate(read_docs(file, nlp.vocab), 1):
        given = doc.user_data.get(KEY) or {}
        info = {key: given.get(key) for key in INFO_KEYS}
        sentences = list(doc.sents) if doc.has_annotation("SENT_START") else []
        if len(sentences) < 2:
            yield Sentence(doc, number, **info)
        elif any(sentence[0].ent_iob_ == "I" for sentence in sentences):
            yield BadLine(number, "an entity goes on into the next sentence", doc.text)
        else:
            doc_id = info["doc_id"] or f"{file.stem}-{number:04}"
            for sentence in _cut(doc, sentences):
                yield Sentence(sentence, number, doc_id=doc_id, genre=info["genre"])


def _cut(doc: Doc, sentences: list) -> Iterator[Doc]:
    """`Span.as_doc` copies the whole Doc's annotation for each sentence: too slow for books."""
    attrs = ["ENT_IOB", "ENT_TYPE"]
    annotation = doc.to_array(attrs)
    for sentence in sentences:
        words = [token.text for token in sentence]
        spaces = [bool(token.whitespace_) for token in sentence]
        part = Doc(doc.vocab, words=words, spaces=None if doc.has_unknown_spaces else spaces)
        yield part.from_array(attrs, annotation[sentence.start : sentence.end])


READERS: dict[str, Reader] = {
    "iob2": read_iob2,
    "conll2003": read_conll2003,
    "conll2012": read_conll2012,
    "inline": read_inline,
    "jsonl": read_jsonl,
    "text": read_text,
    "spacy": read_spacy,
}


def detect_format(file: Path) -> str:
    """The name of a file's format: told by its suffix, or else by most of its first lines.

    RAISES (DeepALError): Neither tells it.
    """
    if file.suffix.lower() in (".spacy", ".jsonl"):
        return file.suffix.lower().removeprefix(".")
    lines = [line for _, line in islice(read_lines(file), LINES_TO_DETECT) if line.strip()]
    if lines and lines[0].startswith(BEGIN):
        return "conll2012"
    rows = [line for line in lines if not line.startswith(("# ", "-DOCSTART-"))]
    known = (("iob2", IOB2_ROW), ("iob2", UNER_ROW), ("conll2003", CONLL2003_ROW))
    for name, columns in known:
        if _most(rows, columns):
            return name
    if rows and (_most(rows, TAGGED_ROW) or file.suffix.lower() not in (".txt", "")):
        raise DeepALError(
            f"{file}: neither the name nor the first lines tell the format. "
            f"Name it with --format: {', '.join(READERS)}. In iob2 a tab is between the columns."
        )
    return "inline" if any(INLINE_ENTITY.search(line) for line in lines) else "text"


def _most(rows: list[str], columns: re.Pattern) -> bool:
    return sum(columns.fullmatch(row) is not None for row in rows) > len(rows) / 2
