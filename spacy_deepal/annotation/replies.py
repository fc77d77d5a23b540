"""What people said about sentences, and the rules for what does not agree, of any tool."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal, NamedTuple, TypeVar

from spacy.tokens import Doc, Span

from ..corpus.docs import CharSpan, set_spans
from ..corpus.reading import BadLine, Border
from ..rounds.rows import Entity
from ..sentences import sentence_id

Contradictions = Literal["error", "first", "last", "majority"]
Verdict = Literal["accept", "reject", "ignore", "later"]
Said = TypeVar("Said", bound=Hashable)
OPTION = "--active_learning.oracle"
ANY_RULE, TIE = "first, last or majority", "first or last, as none has the majority"


@dataclass(frozen=True)
class Reply:
    """What someone said about a sentence.

    id (str): The sentence.
    verdict (str): "accept": the spans are its entities. "ignore": nobody can label it. "reject" and
        "later": it is still to be labelled.
    spans (tuple): The entities, in characters.
    single (bool): "accept" and "reject" are about the spans alone, and say nothing of other words.
    where (str): Where it was said, for messages.
    by (str): Who said it; empty if the tool does not tell.
    """

    id: str
    verdict: Verdict
    spans: tuple[CharSpan, ...] = ()
    single: bool = False
    where: str = ""
    by: str = ""


Marks = dict[Entity, list[tuple[Reply, bool]]]  # who accepted a span (True) or rejected it


@dataclass(frozen=True)
class Rules:
    """What counts when answers do not agree, or do not fit.

    contradictions (str): Which of several different answers counts: the "first", the "last", or the
        one that most people gave last ("majority"). With "error", none does.
    border (str): As in `ReadOptions`.
    """

    contradictions: Contradictions = "error"
    border: Border = "refuse"


class Settled(NamedTuple):
    """What the answers make of a batch.

    waiting (list[str]): The ids of the sentences that are still to be labelled.
    problems (dict[str, str]): What a person has to decide, by the id of the sentence.
    dropped (list[str]): The spans that the rule for borders has dropped, each with its place.
    """

    waiting: list[str]
    problems: dict[str, str]
    dropped: list[str]


class _Contradiction(Exception):
    """Answers do not agree, and no rule says which one counts."""


def settle(docs: Sequence[Doc], replies: Iterable[Reply], rules: Rules) -> Settled:
    """Give sentences the entities that people said they have.

    An answer that labels the sentence counts whatever else was said. Equal answers count once.
    Answers about single spans label a sentence in part: those accepted are its entities, and of
    all other words nothing is known. Of a sentence that is only ignored nothing is learnt.

    docs (Sequence[Doc]): The sentences. The entities of those that are labelled are set.
    replies (Iterable[Reply]): In the order in which they were given.
    """
    given: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        given[reply.id].append(reply)
    settled = Settled([], {}, [])
    for doc in docs:
        name = sentence_id(doc)
        try:
            if not _settle_one(doc, given[name], rules, settled.dropped):
                settled.waiting.append(name)
        except _Contradiction as error:
            settled.problems[name] = str(error)
    return settled


def _settle_one(doc: Doc, replies: list[Reply], rules: Rules, dropped: list[str]) -> bool:
    """RETURNS (bool): Whether the sentence is labelled now, or ignored."""
    whole = [r for r in replies if r.verdict == "accept" and not r.single]
    marks = _marks(doc, replies, rules, dropped)
    if whole:
        said = [(reply, _in_tokens(doc, reply, rules, dropped)) for reply in whole]
        entities = _choose(doc, said, rules, _show_entities)
        if rules.contradictions == "error":
            _compare_marks(doc, whole[0].where, entities, marks)
        doc.set_ents([Span(doc, *span) for span in entities])
    elif any(reply.single and reply.verdict != "later" for reply in replies):
        accepted = [
            s for s, said in marks.items() if _choose(doc, said, rules, partial(_show_mark, span=s))
        ]
        _check_apart(doc, sorted(accepted))
        doc.set_ents([Span(doc, *span) for span in sorted(accepted)], default="missing")
    elif any(reply.verdict == "ignore" for reply in replies):
        doc.set_ents([], default="missing")
    else:
        return False
    return True


def _marks(doc: Doc, replies: list[Reply], rules: Rules, dropped: list[str]) -> Marks:
    """RETURNS (dict): Of each single span, who accepted (True) and who rejected it. Who rejected
    several at once did not say which one is wrong."""
    marks: Marks = defaultdict(list)
    for reply in replies:
        accepted = reply.verdict == "accept"
        if reply.single and (accepted or (reply.verdict == "reject" and len(reply.spans) == 1)):
            for span in _in_tokens(doc, reply, rules, dropped):
                marks[span].append((reply, accepted))
    return marks


def _in_tokens(doc: Doc, reply: Reply, rules: Rules, dropped: list[str]) -> tuple[Entity, ...]:
    """RETURNS (tuple): The spans of a reply in tokens.

    RAISES (_Contradiction): They are not whole tokens, or overlap.
    """
    option = f"{OPTION}.border"
    try:
        found = set_spans(doc, reply.spans, 0, border=rules.border, option=option)
    except BadLine as error:
        raise _Contradiction(f"{reply.where}: {error.message}: {doc.text[:80]}") from None
    dropped += [f"{reply.where}: {shown}: {doc.text[:80]}" for shown in found]
    return tuple((ent.start, ent.end, ent.label_) for ent in doc.ents)


def _choose(
    doc: Doc, said: list[tuple[Reply, Said]], rules: Rules, show: Callable[[Doc, Said], str]
) -> Said:
    """RETURNS: What counts of what was said.

    said (list): Each reply, and what it says.
    show (Callable): What was said, in words.
    RAISES (_Contradiction): It is not the same, and the rule does not choose.
    """
    if rules.contradictions == "majority":
        said = _last_of_each(said)
    counts = Counter(what for _, what in said).most_common()
    if len(counts) == 1 or rules.contradictions == "first":
        return said[0][1]
    if rules.contradictions == "last":
        return said[-1][1]
    if rules.contradictions == "majority" and counts[0][1] > counts[1][1]:
        return counts[0][0]
    shown = [(reply.where, show(doc, what)) for reply, what in said]
    tie = rules.contradictions == "majority"
    raise _Contradiction(_describe_contradiction(doc, shown, TIE if tie else ANY_RULE))


def _last_of_each(said: list[tuple[Reply, Said]]) -> list[tuple[Reply, Said]]:
    """RETURNS (list): The last reply of each person. Where it is not known who replied, each reply
    is one of a person of its own."""
    last = {reply.by or number: (reply, what) for number, (reply, what) in enumerate(said)}
    return list(last.values())


def _compare_marks(doc: Doc, where: str, entities: tuple[Entity, ...], marks: Marks) -> None:
    """RAISES (_Contradiction): An answer about a span contradicts the one about all of them."""
    for span, said in marks.items():
        for reply, accepted in said:
            if accepted != (span in entities):
                both = [
                    (where, _show_entities(doc, entities)),
                    (reply.where, _show_mark(doc, accepted, span)),
                ]
                raise _Contradiction(_describe_contradiction(doc, both))


def _check_apart(doc: Doc, spans: list[Entity]) -> None:
    for before, span in pairwise(spans):
        if span[0] < before[1]:
            shown = _show_entities(doc, (before, span))
            raise _Contradiction(f"{sentence_id(doc)}: accepted spans overlap: {shown}")


def _describe_contradiction(doc: Doc, said: list[tuple[str, str]], choice: str = ANY_RULE) -> str:
    lines = "".join(f"\n    {what}  ({where})" for where, what in said)
    return (
        f"{sentence_id(doc)}: answers contradict each other. Correct them, or choose with "
        f"{OPTION}.contradictions {choice}: {doc.text[:80]}{lines}"
    )


def _show_entities(doc: Doc, entities: tuple[Entity, ...]) -> str:
    return ", ".join(f"{doc[s:e].text} ({label})" for s, e, label in entities) or "no entity"


def _show_mark(doc: Doc, accepted: bool, span: Entity) -> str:
    return f"{_show_entities(doc, (span,))} is {'' if accepted else 'not '}an entity"
