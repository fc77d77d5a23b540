"""A shallow model to compare with: a linear-chain CRF with features as users of CRFsuite choose."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pycrfsuite
from corpora import take
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example, biluo_tags_to_spans, iob_to_biluo

from spacy_deepal.sentences import count_words

WINDOW = 2
AFFIXES = (1, 2, 3, 4)
ITERATIONS = 120
# Pairs of L1 and L2. Dev decides which one is taken.
PENALTIES = ((0.0, 1.0), (0.0, 0.1), (0.1, 0.1), (0.1, 0.01), (0.5, 0.01))
# The words to choose a pair with, where there are more: a training on a million words takes long.
CHOICE_WORDS = 120_000
# BILUO has four tags a type and IOB two. A training's time grows with the square of their number:
# with more types than this, the tags are IOB, which take a quarter of the time.
BILUO_TYPES = 25


def features(doc: Doc) -> list[list[str]]:
    """Make features of words, lower-case words, shapes and affixes, two words to each side.

    RETURNS (list[list[str]]): The features of each token.
    """
    own = []
    for token in doc:
        text, lower = token.text, token.lower_
        here = [f"word={text}", f"lower={lower}", f"shape={token.shape_}"]
        here += [f"prefix={lower[:n]}" for n in AFFIXES if len(lower) >= n]
        here += [f"suffix={lower[-n:]}" for n in AFFIXES if len(lower) >= n]
        checks = {"title": text.istitle(), "upper": text.isupper(), "digit": text.isdigit()}
        own.append(here + [name for name, holds in checks.items() if holds])
    rows = []
    for i in range(len(doc)):
        row = ["bias"]
        for offset in range(-WINDOW, WINDOW + 1):
            j = i + offset
            found = own[j] if 0 <= j < len(doc) else ["outside"]
            row += [f"{offset}:{feature}" for feature in found]
        for left, right in ((i - 1, i), (i, i + 1)):
            if left >= 0 and right < len(doc):
                row.append(f"{left - i}|{right - i}:{doc[left].lower_}|{doc[right].lower_}")
        rows.append(row)
    return rows


def tags(doc: Doc, biluo: bool) -> list[str]:
    """RETURNS (list[str]): The tags of the tokens: BILUO, or else IOB."""
    iob = [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type else "O" for t in doc]
    return iob_to_biluo(iob) if biluo else iob


def train(
    docs: Sequence[Doc], dev: Sequence[Doc], path: Path, choice_words: int = CHOICE_WORDS
) -> pycrfsuite.Tagger:
    """Choose a pair of penalties on dev, and train with it.

    docs (Sequence[Doc]), dev (Sequence[Doc]): Labelled sentences.
    path (Path): Where the model goes.
    choice_words (int): With more words than this, each pair is tried on a sample of about so many.
    RETURNS (Tagger): The CRF of all sentences.
    """
    all_words = sum(map(count_words, docs))
    some = take(docs, choice_words, 0) if all_words > choice_words else docs
    biluo = len({ent.label for doc in docs for ent in doc.ents}) <= BILUO_TYPES
    trainer = make_trainer(some, biluo)
    best, chosen = -1.0, PENALTIES[0]
    for penalties in PENALTIES:
        draft = path.with_suffix(".draft")
        fit(trainer, penalties, draft)
        found = evaluate(load(draft), dev)["ents_f"]
        if found > best:
            best, chosen = found, penalties
            draft.replace(path)
    if some is not docs:
        fit(make_trainer(docs, biluo), chosen, path)
    return load(path)


def make_trainer(docs: Sequence[Doc], biluo: bool) -> pycrfsuite.Trainer:
    """RETURNS (Trainer): It holds the features: Python would need far more memory for them."""
    trainer = pycrfsuite.Trainer(verbose=False)
    for doc in docs:
        trainer.append(pycrfsuite.ItemSequence(features(doc)), tags(doc, biluo))
    return trainer


def fit(trainer: pycrfsuite.Trainer, penalties: tuple[float, float], path: Path) -> None:
    """Train with a pair of penalties, and write the model."""
    l1, l2 = penalties
    trainer.set_params({"c1": l1, "c2": l2, "max_iterations": ITERATIONS})
    trainer.train(str(path))


def train_and_score(splits: Mapping[str, Sequence[Doc]], path: Path) -> dict[str, float]:
    """Train on "train", choose the penalties on "dev", and evaluate.

    path (Path): Where the model goes.
    RETURNS (dict): ents_p, ents_r and ents_f on "test", and with the prefix dev_ on "dev".
    """
    tagger = train(splits["train"], splits["dev"], path)
    dev = {f"dev_{key}": value for key, value in evaluate(tagger, splits["dev"]).items()}
    return {**dev, **evaluate(tagger, splits["test"])}


def load(path: Path) -> pycrfsuite.Tagger:
    """RETURNS (Tagger): The CRF on disk."""
    tagger = pycrfsuite.Tagger()
    tagger.open(str(path))
    return tagger


def evaluate(tagger: pycrfsuite.Tagger, docs: Sequence[Doc]) -> dict[str, float]:
    """RETURNS (dict): ents_p, ents_r and ents_f by spaCy's own scorer."""
    examples = []
    for doc in docs:
        predicted = Doc(
            doc.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc]
        )
        found = tagger.tag(pycrfsuite.ItemSequence(features(doc)))
        predicted.ents = biluo_tags_to_spans(predicted, list(make_consistent(found)))
        examples.append(Example(predicted, doc))
    scores = get_ner_prf(examples)
    return {key: scores[key] for key in ("ents_p", "ents_r", "ents_f")}


def make_consistent(found: list[str]) -> list[str]:
    """RETURNS (list[str]): BILUO tags. What breaks a scheme is read as CoNLL's scorer reads it."""
    iob, previous = [], "O"
    for tag in found:
        label = tag[2:]
        inside = tag[0] in "IL" and previous[2:] == label and previous[0] in "BI"
        iob.append("O" if tag == "O" else f"{'I' if inside else 'B'}-{label}")
        previous = tag
    return iob_to_biluo(iob)
