"""IOB2: a token, a tab and its tag on each line; also the rows of Universal NER."""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language

from .sources import BadLine, Lines, Sentence, attempt, blocks, read_lines, tagged_doc

IOB_TAG = re.compile(r"O|[BI]-\S+")
IOB2_ROW = re.compile(rf"[^\t]+\t({IOB_TAG.pattern})")
UNER_ROW = re.compile(rf"[0-9]+\t[^\t]+\t({IOB_TAG.pattern})\t[^\t]*\t[^\t]*")
COMMENT = re.compile(r"# (genre|doc_id|text) = (.*)", re.DOTALL)
NEWDOC = re.compile(r"# newdoc id = (?P<doc_id>(?:(?P<genre>[a-z]+)-)?.+)")


def read_iob2(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read token, tab, IOB2 tag on each line, with a blank line after each sentence.

    A line that begins with "# " is a comment. Before a sentence, `# genre = `, `# doc_id = ` and
    `# text = ` describe it; if the text is given, the text of the Doc equals it. The five columns
    of Universal NER (number, token, tag, second tag, annotator) are read too. So is the comment
    `# newdoc id = ` of Universal Dependencies before the first sentence of a document. As in the
    English Web Treebank, such an id may begin with a genre: "weblog-x".
    """
    document: dict[str, str] = {}
    for block in blocks(read_lines(file)):
        rows = [(number, line) for number, line in block if not line.startswith("# ")]
        comments = [(number, line) for number, line in block if line.startswith("# ")]
        for _, line in comments:
            if match := NEWDOC.fullmatch(line):
                document = {key: value for key, value in match.groupdict().items() if value}
        if rows:
            yield attempt(_parse_iob2, nlp, rows, comments, document)


def _parse_iob2(nlp: Language, rows: Lines, comments: Lines, document: dict[str, str]) -> Sentence:
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
            given[match[1]] = number, match[2]
    spaces = _spaces_between(words, *given.pop("text")) if "text" in given else None
    info = {key: value for key, (_, value) in given.items()}
    return Sentence(tagged_doc(nlp, words, tags, spaces), rows[0][0], **info)


def _spaces_between(words: list[str], number: int, text: str) -> list[bool]:
    """RETURNS (list[bool]): Whether a space follows each word in the text.

    number (int): The line of the text.
    RAISES (BadLine): The text does not consist of the words.
    """
    spaces = []
    at = 0
    for word in words:
        if not text.startswith(word, at):
            message = f"the text does not continue with the token {word!r}"
            raise BadLine(number, message, text[at:])
        at += len(word)
        spaces.append(text.startswith(" ", at))
        at += spaces[-1]
    if at < len(text):
        raise BadLine(number, "the text continues after the last token", text[at:])
    return spaces
