"""Raw text: how well a pipeline does with tokens of its own, and not with those of the data."""

import warnings
from collections.abc import Iterable

from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc, Span

from ..tagger.raw_tokens import RETOKENIZE, token_places
from ..tagger.scheme import IOB_MISSING

MOST_LOST = 0.05  # of F1, from the tokens of the data to raw text


def raw_text_f(nlp: Language, docs: Iterable[Doc], scored: float) -> float | None:
    """Compare entities by their characters, where the pipeline itself tokenises the text. Warn if
    the F1 is much lower than on the data's tokens.

    docs (Iterable[Doc]): Labelled sentences.
    scored (float): The F1 on their tokens.
    RETURNS (float | None): F1 from 0 to 1; None if no text is known.
    """
    docs = list(docs)
    known = [d for d in docs if d.has_annotation("ENT_IOB") and not d.has_unknown_spaces]
    if not known:
        return None
    own = [nlp.make_doc(doc.text) for doc in known]
    if list(map(token_places, own)) == list(map(token_places, docs)):
        return scored  # the same tokens, so the same predictions
    score = PRFScore()
    for found, doc in zip(nlp.pipe(own), known, strict=True):
        judged = [ent for ent in found.ents if _is_annotated(doc, ent)]
        score.score_set(_places(judged), _places(doc.ents))
    if score.fscore < scored - MOST_LOST:
        warnings.warn(
            "F1 on raw text is much lower than on the tokens of the data, which the pipeline's "
            f"tokenizer does not make. {RETOKENIZE}",
            stacklevel=2,
        )
    return score.fscore


def _is_annotated(gold: Doc, found: Span) -> bool:
    """RETURNS (bool): Whether all tokens that an entity touches are annotated: others say neither
    that it is right nor that it is wrong. spaCy's scorer counts alike."""
    touched = gold.char_span(found.start_char, found.end_char, alignment_mode="expand")
    return touched is not None and all(token.ent_iob != IOB_MISSING for token in touched)


def _places(entities: Iterable[Span]) -> set[tuple[int, int, str]]:
    return {(ent.start_char, ent.end_char, ent.label_) for ent in entities}
