"""Made-up answers of people, and what comes of them."""

from spacy_deepal.annotation.answers import Answer
from spacy_deepal.annotation.replies import settle


def outcome(docs, replies, rules):
    """What waits, what a person has to decide, and what is dropped."""
    answers = settle(docs, replies, rules)
    return answers.waiting, answers.problems, answers.dropped


def answer(
    name, entities=(), *, by="me", answer="accept", labels=("PER",), part="train", key=None, **more
):
    values = {"seconds": 1.0, "tokens": ["Ada ", "knew", "."], "suggested": [], **more}
    return Answer(
        key=key or f"{name} {by} {entities} {answer}",
        at="2026-01-01T00:00:00+00:00",
        by=by,
        id=name,
        part=part,
        answer=answer,
        entities=list(entities),
        labels=list(labels),
        **values,
    )
