"""What people said about sentences, and the rules for what does not agree, of any tool."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Literal, TypeVar

from spacy.tokens import Doc, Span

from ..corpus.docs import CharSpan, set_spans
from ..corpus.reading import BadLine, Border
from ..rounds.rows import Entity
from ..sentences import sentence_id
from .contradictions import (
    OPTION,
    Rule,
    candidates,
    choose,
    describe_contradiction,
    entities_in_words,
)

Verdict = Literal["accept", "reject", "ignore", "later"]
Said = TypeVar("Said", bound=Hashable)


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

    contradictions (str): Which of several different answers counts: as for `choose`.
    border (str): As in `ReadOptions`.
    """

    contradictions: Rule = "error"
    border: Border = "refuse"


@dataclass(frozen=True)
class BatchAnswers:
    """What the answers make of a batch.

    docs (Sequence[Doc]): Its sentences, with the entities that the answers give them.
    replies (list[Reply]): All answers, in the order in which they were given.
    waiting (list[str]): The ids of the sentences that are still to be labelled.
    problems (dict[str, str]): What a person has to decide, by the id of the sentence.
    dropped (list[str]): The spans that the rule for borders has dropped, each with its place.
    unread (list[str]): Lines of answers that cannot be read.
    """

    docs: Sequence[Doc]
    replies: list[Reply]
    waiting: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def settled(self) -> list[Doc]:
        """RETURNS (list[Doc]): The sentences that are labelled or ignored."""
        still_open = {*self.waiting, *self.problems}
        return [doc for doc in self.docs if sentence_id(doc) not in still_open]


class _Contradiction(Exception):
    """Answers do not agree, and no rule says which one counts."""


def settle(docs: Sequence[Doc], replies: list[Reply], rules: Rules) -> BatchAnswers:
    """Give sentences the entities that people said they have.

    Answers that label the sentence go before all others. If they differ, the rule chooses one.
    Answers about single spans label a sentence in part: those accepted are its entities, and of
    all other words nothing is known. Of a sentence that is only ignored nothing is learnt.

    docs (Sequence[Doc]): The sentences. The entities of those that are labelled are set.
    replies (list[Reply]): In the order in which they were given.
    """
    given: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        given[reply.id].append(reply)
    answers = BatchAnswers(docs, replies)
    for doc in docs:
        name = sentence_id(doc)
        try:
            if not _settle_one(doc, given[name], rules, answers.dropped):
                answers.waiting.append(name)
        except _Contradiction as error:
            answers.problems[name] = str(error)
    return answers


def _settle_one(doc: Doc, replies: list[Reply], rules: Rules, dropped: list[str]) -> bool:
    """RETURNS (bool): Whether the sentence is labelled now, or ignored."""
    about_all = [reply for reply in replies if not reply.single]
    about_all = candidates(about_all, rules.contradictions, lambda reply: reply.by)
    whole = [reply for reply in about_all if reply.verdict == "accept"]
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
    elif any(reply.verdict == "ignore" for reply in about_all):
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
    rule = rules.contradictions
    return {span: candidates(said, rule, lambda each: each[0].by) for span, said in marks.items()}


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

    said (list): Each of the `candidates`, and what it says.
    show (Callable): What was said, in words.
    RAISES (_Contradiction): It is not the same, and the rule does not choose.
    """
    chosen = choose(said, rules.contradictions, lambda each: each[1])
    if chosen is None:
        raise _contradiction(doc, [(show(doc, what), reply.where) for reply, what in said])
    return chosen[1]


def _compare_marks(doc: Doc, where: str, entities: tuple[Entity, ...], marks: Marks) -> None:
    """RAISES (_Contradiction): An answer about a span contradicts the one about all of them."""
    for span, said in marks.items():
        for reply, accepted in said:
            if accepted != (span in entities):
                both = [
                    (_show_entities(doc, entities), where),
                    (_show_mark(doc, accepted, span), reply.where),
                ]
                raise _contradiction(doc, both)


def _check_apart(doc: Doc, spans: list[Entity]) -> None:
    for before, span in pairwise(spans):
        if span[0] < before[1]:
            shown = _show_entities(doc, (before, span))
            raise _Contradiction(f"{sentence_id(doc)}: accepted spans overlap: {shown}")


def _contradiction(doc: Doc, said: list[tuple[str, str]]) -> _Contradiction:
    return _Contradiction(describe_contradiction(sentence_id(doc), doc.text, said))


def _show_entities(doc: Doc, entities: Iterable[Entity]) -> str:
    return entities_in_words([token.text_with_ws for token in doc], entities)


def _show_mark(doc: Doc, accepted: bool, span: Entity) -> str:
    return f"{_show_entities(doc, (span,))} is {'' if accepted else 'not '}an entity"
