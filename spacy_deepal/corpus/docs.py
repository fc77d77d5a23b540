"""Docs of words and tags, or of text and spans, cut into sentences and tokenised anew."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc, Span
from thinc.types import Ints2d

from .cutting import ENTITIES, at_ends_of_sentences, part_of, sentence_ranges
from .entity_types import EntityTypes
from .reading import BadLine, Border, Overlap, ReadOptions, Sentence

CharSpan = tuple[int, int, str]  # an entity: first character, the one after its last, label
TokenSpan = tuple[int, int, str]  # the same in tokens


def tagged_doc(
    nlp: Language,
    words: Sequence[str],
    tags: Sequence[str] | None,
    text: str | None = None,
    line: int = 0,
) -> Doc:
    """Make a Doc of the source's own tokens.

    words (Sequence[str]): The tokens.
    tags (Sequence[str] | None): Their IOB2 tags. None: they are not labelled.
    text (str | None): The text that they stand in. White space that is more than one space becomes
        a token of its own, as in spaCy. None: it is not known whether spaces follow the tokens.
        spaCy then trains and scores on these tokens and not on those of its own tokenizer.
    line (int): Where the text stands in its file.
    RAISES (BadLine): The text does not consist of the tokens and white space.
    """
    if text is None:
        doc = Doc(nlp.vocab, words=list(words), ents=None if tags is None else list(tags))
        doc.has_unknown_spaces = True
        return doc
    pieces, spaces, ents = [], [], []
    at = 0
    for word, tag in zip([*words, ""], [*(tags or [""] * len(words)), "O"], strict=True):
        gap = at if word and text.startswith(word, at) else _after_white_space(text, at)
        if gap > at:
            pieces.append(text[at:gap])
            spaces.append(False)
            ents.append(tag if tag[:1] == "I" else "O")
            at = gap
        if not text.startswith(word, at):
            raise BadLine(line, f"the text does not continue with the token {word!r}", text[at:])
        if word:
            at += len(word)
            pieces.append(word)
            spaces.append(text.startswith(" ", at))
            ents.append(tag)
            at += spaces[-1]
    if at < len(text):
        raise BadLine(line, "the text continues after the last token", text[at:])
    return Doc(nlp.vocab, words=pieces, spaces=spaces, ents=None if tags is None else ents)


def _after_white_space(text: str, at: int) -> int:
    """RETURNS (int): Where the white space ends that begins at a place of a text."""
    return next((i for i in range(at, len(text)) if not text[i].isspace()), len(text))


def set_spans(doc: Doc, spans: Sequence[CharSpan], line: int, **options: Any) -> tuple[str, ...]:
    """Label a Doc, with the arguments and errors of `place_spans`. RETURNS (tuple[str, ...]): The
    spans that were dropped, with type and offsets."""
    return tuple(shown for _, shown in place_spans(doc, spans, line, **options))


def place_spans(
    doc: Doc,
    spans: Sequence[CharSpan],
    line: int,
    *,
    types: Sequence[str] = (),
    border: Border = "refuse",
    overlap: Overlap | None = None,
    partial: bool = False,
    option: str = "--border",
    bad: dict[range, BadLine] | None = None,
) -> list[tuple[int, str]]:
    """Label a Doc. A span that is given twice counts once.

    spans (Sequence): The entities.
    line (int): Where they stand in their file.
    types (Sequence[str]): `entity_types` of `ReadOptions`. Spans of other types stand in the way of
        none of these: they are left out first.
    border (str): What is done with a span that is not whole tokens: see `ReadOptions`.
    overlap (str | None): As for `keep_apart`.
    partial (bool): All tokens outside of the entities are missing. If False, they are O.
    option (str): The option that says what `border` is, for the message.
    bad (dict | None): Gets what is wrong, by the tokens. None: the first of it is raised.
    RETURNS (list[tuple[int, str]]): The spans that were dropped: the first token, and what is shown
        of them, with type and offsets.
    RAISES (BadLine): Entities overlap, and no rule chooses; or they do not begin and end where
        tokens do.
    """
    wrong = {} if bad is None else bad
    found, dropped = dict[TokenSpan, str](), list[tuple[int, str]]()
    text = doc.text  # spaCy joins it anew each time
    reads = EntityTypes(types).reads
    for start, end, label in sorted({span for span in spans if reads(span[2])}):
        surface = text[start:end]
        span = _whole_tokens(doc, start, surface, label, border)
        shown = f"{surface!r} ({label}, {start} to {end})"
        tokens = span or doc.char_span(start, end, alignment_mode="expand") or doc[:0]
        if span is not None:
            found[span.start, span.end, label] = shown
        elif border == "drop":
            dropped.append((tokens.start, shown))
        else:
            near = " ".join(token.text for token in tokens)[:40]
            moved = f"{option} trim or {option} snap moves its ends"
            moved = moved if border == "refuse" else f"{option} {border} leaves nothing of it"
            message = (
                f"entity {shown} is not whole {doc.vocab.lang!r} tokens: {near!r}. {moved}, "
                f"{option} drop leaves it out{_beyond_16_bits(text[:end])}"
            )
            wrong[range(tokens.start, tokens.end)] = BadLine(line, message, text)
    kept, shorter = keep_apart(found, overlap, line, text, wrong)
    if wrong and bad is None:
        raise next(iter(wrong.values()))
    entities = [Span(doc, *span) for span in kept]
    doc.set_ents(entities, default="missing" if partial else "outside")
    return [*dropped, *((span[0], found[span]) for span in shorter)]


def rules_of(options: ReadOptions) -> dict[str, Any]:
    """RETURNS (dict): The arguments of `place_spans` that options of the user say."""
    rules: dict[str, Any] = {"types": options.entity_types}
    return rules | {"border": options.border, "overlap": options.overlap}


def keep_apart(
    found: Mapping[TokenSpan, str],
    overlap: Overlap | None,
    line: int,
    text: str,
    wrong: dict[range, BadLine],
) -> tuple[list[TokenSpan], list[TokenSpan]]:
    """Choose entities of which no two overlap.

    found (Mapping[TokenSpan, str]): The entities, with what is shown of each.
    overlap (str | None): What is done with entities that overlap: see `ReadOptions`. None: they are
        refused, and no option changes that.
    line (int), text (str): Where they stand.
    wrong (dict): Gets what is wrong, by the tokens: entities overlap, and the rule does not choose.
    RETURNS (tuple): Those that are kept, in order, and those that were dropped.
    """
    taken: dict[int, TokenSpan] = {}  # by each of its tokens
    dropped = []
    for span in sorted(found, key=lambda span: span[1] - span[0], reverse=True):
        tokens = range(*span[:2])
        others = [taken[i] for i in tokens if i in taken]
        longer = all(end - start > len(tokens) for start, end, _ in others)
        if not others:
            taken.update(dict.fromkeys(tokens, span))
        elif overlap == "longest" and longer:
            dropped.append(span)
        else:
            hint = ", or the longest with --overlap longest" if overlap and longer else ""
            message = f"entity {found[span]} overlaps {found[others[0]]}. Keep one of them{hint}"
            wrong[tokens] = BadLine(line, message, text)
    return sorted(set(taken.values())), dropped


def _beyond_16_bits(text: str) -> str:
    """RETURNS (str): What else may be wrong with the offsets of what comes behind a text."""
    if max(text, default="") < "\U00010000":
        return ""
    return ", and --offsets utf16 reads those of tools that count emoji twice"


def _whole_tokens(doc: Doc, start: int, surface: str, label: str, border: Border) -> Span | None:
    """RETURNS (Span | None): The tokens of a span of characters; None if it has none."""
    end = start + len(surface)
    if border in ("refuse", "drop"):
        return doc.char_span(start, end, label) if surface == surface.strip() else None
    start += len(surface) - len(surface.lstrip())
    end -= len(surface) - len(surface.rstrip())
    mode = "contract" if border == "trim" else "expand"
    return doc.char_span(start, end, label, alignment_mode=mode) if start < end else None


def labelled_sentences(
    doc: Doc, spans: Sequence[CharSpan], options: ReadOptions, line: int, **info: Any
) -> Iterator[Sentence | BadLine]:
    """Label a document, and cut it into sentences as `at_ends_of_sentences` does. One in which an
    entity cannot be kept is a bad line. The others stay.

    line (int): The first line of the document.
    info: As of `Sentence`. The note is told with the first sentence alone.
    """
    bad: dict[range, BadLine] = {}
    dropped = place_spans(doc, spans, line, **rules_of(options), bad=bad)
    entities = cast(Ints2d, doc.to_array(ENTITIES))
    sentences = list(sentence_ranges(doc))
    starts, stops = [tokens.start for tokens in sentences], [tokens.stop for tokens in sentences]
    lost, wrong = defaultdict(list), defaultdict(list)  # by the number of the sentence
    for first, shown in dropped:  # white space belongs to the sentence before it
        lost[max(bisect_right(starts, first) - 1, 0)].append(shown)
    for each in bad:
        touched = range(bisect_right(stops, each.start), bisect_left(starts, each.stop))
        for number in touched or [len(sentences)]:  # white space between sentences comes last
            wrong[number].append(bad[each])
    for number, tokens in enumerate(sentences):
        part = part_of(doc, entities, tokens)
        yield from (BadLine(line, each.message, part.text) for each in wrong[number])
        if not wrong[number]:
            yield Sentence(part, line, dropped=tuple(lost[number]), **info)
            info["note"] = None
    yield from wrong[len(sentences)]


def retokenized(nlp: Language, sentence: Sentence, options: ReadOptions) -> Sentence:
    """RETURNS (Sentence): A sentence with the tokens that the pipeline makes of its text, and the
    same entities.

    RAISES (BadLine): The text is not known, an entity is not whole tokens, or only some of the
        tokens are labelled.
    """
    doc = sentence.doc
    if doc.has_unknown_spaces and len(doc) > 1:
        if options.tokens != "joined":
            problem = (
                "the text between the tokens is not known, so keep the data's; or, in a language "
                "without spaces, use --tokens joined"
            )
            raise BadLine(sentence.line, problem, doc.text)
        doc = without_spaces(doc)
    new, dropped = nlp.make_doc(doc.text), sentence.dropped
    if doc.has_annotation("ENT_IOB"):
        spans = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        partial = not doc.has_annotation("ENT_IOB", require_complete=True)
        rules: Any = {"border": options.border, "overlap": options.overlap, "partial": partial}
        dropped += set_spans(new, spans, sentence.line, **rules)
    return replace(sentence, doc=new, dropped=dropped)


def without_spaces(doc: Doc) -> Doc:
    """RETURNS (Doc): The same tokens and entities, with a space only between two words of Latin
    letters or digits, such as names in a Chinese text."""
    words = [token.text for token in doc]
    spaces = [
        (word[-1:] + after[:1]).isascii() and word[-1:].isalnum() and after[:1].isalnum()
        for word, after in zip(words, [*words[1:], ""], strict=True)
    ]
    joined = Doc(doc.vocab, words=words, spaces=spaces)
    joined.from_array(ENTITIES, cast(Ints2d, doc.to_array(ENTITIES)))
    return joined


def finished(nlp: Language, item: Sentence, options: ReadOptions) -> Iterator[Sentence]:
    """YIELDS (Sentence): What becomes of a sentence as a reader yields it: its tokens are made
    anew, and it is cut, if the options say so.

    RAISES (BadLine): As `retokenized`.
    """
    if options.tokens != "data":
        item = retokenized(nlp, item, options)
    parts = list(at_ends_of_sentences(item.doc)) if options.split else []
    if len(parts) < 2:
        yield item
        return
    for number, doc in enumerate(parts, 1):
        name = f"{item.id}-{number}" if item.id else None
        document = item.doc_id or item.id
        if number == 2:
            item = replace(item, note=None, dropped=())
        yield replace(item, doc=doc, id=name, doc_id=document)
