"""`deepal_ner`: the trainable NER component around a CNN-CNN-LSTM model.

spaCy imports this module at every blank pipeline: what is heavy is imported where it is used.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.pipeline.ner import ner_score
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from spacy.util import check_lexeme_norms
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..errors import DeepALError
from . import scheme
from .confidence import set_confidence
from .defaults import BATCH_WORDS, BEAM_WIDTH, DEFAULT_MODEL
from .entities import set_entities
from .evidence import Evidence, make_evidence
from .gold import gold_tags, previous_tags, tag_loss
from .initial_text import InitialText, check_examples, initial_labels, warn_of_no_labels
from .partial import possible_tags
from .raw_tokens import check_tokens
from .tok2vec import begin_context, predict_context

if TYPE_CHECKING:
    from .decoding import Tagger


@Language.factory(
    "deepal_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": DEFAULT_MODEL,
        "beam_width": BEAM_WIDTH,
        "batch_words": BATCH_WORDS,
        "confidence": False,
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_deepal_ner(
    nlp: Language,
    name: str,
    model: Model,
    beam_width: int,
    batch_words: int,
    confidence: bool,
    scorer: Callable | None,
) -> "DeepNER":
    """Make a DeepNER component: the factory `deepal_ner`."""
    return DeepNER(
        nlp.vocab,
        model,
        name,
        beam_width=beam_width,
        batch_words=batch_words,
        confidence=confidence,
        scorer=scorer,
    )


class DeepNER(TrainablePipe):
    """Named entity recognition with a tag decoder (Shen et al. 2017).

    A Doc is tagged as one sequence of its real words. White-space tokens are passed over.

    model (Model): Such as `spacy_deepal.CnnCnnLstm.v1`.
    beam_width (int): Where the greedy path of tags breaks the tagging scheme, entities are read off
        the best path that a beam of this width finds. With 1 they are read off the greedy path, as
        in the paper. Acquisition functions always read the greedy path.
    batch_words (int): Most words, padding counted, that are decoded at once.
    confidence (bool): Set `ent._.confidence` of each entity, from 0 to 1: see confidence.py.
    scorer (Callable | None): The scoring function. With None, the component scores nothing.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "deepal_ner",
        *,
        beam_width: int = BEAM_WIDTH,
        batch_words: int = BATCH_WORDS,
        confidence: bool = False,
        scorer: Callable | None = ner_score,
    ):
        for key, value in (("beam_width", beam_width), ("batch_words", batch_words)):
            if value < 1:
                raise DeepALError(f"[components.{name}] {key} = {value}: must be at least 1.")
        self.vocab, self.model, self.name = vocab, model, name
        self.beam_width, self.batch_words, self.confidence = beam_width, batch_words, confidence
        self.cfg: dict[str, Any] = {"labels": []}
        self.scorer = scorer

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): The entity types: sorted, then those added after initialisation."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): What `spacy init labels` writes and `initialize` reads."""
        return self.labels

    @property
    def temperature(self) -> float:
        """RETURNS (float): What logits are divided by for a confidence; 1 before a calibration."""
        return float(self.cfg.get("temperature", 1.0))

    def add_label(self, label: str) -> int:
        """Add an entity type. The model grows if it is initialised, and predicts what it did.

        RETURNS (int): 0 when it is there already, else 1.
        RAISES (ValueError): When label is not a string.
        """
        if not isinstance(label, str):
            raise ValueError(Errors.E187)
        if label in self.labels:
            return 0
        if self.model.has_dim("nO"):
            from .model import add_tags

            add_tags(self.model, scheme.tag_count([label]) - scheme.tag_count([]))
            self.cfg["labels"] = [*self.labels, label]  # in the order of the tags
        else:
            self.cfg["labels"] = sorted([*self.labels, label])
        self.vocab.strings.add(label)
        return 1

    def predict(self, docs: Iterable[Doc]) -> Any:
        """Decode Docs, without changing them. RETURNS (Paths): Per Doc, empty ones too."""
        tagger, docs = self._tagger(), list(docs)
        context = predict_context(self.model, docs, self.batch_words, tagger.read_context)
        return tagger.paths(docs, context, self.batch_words, self.beam_width)

    def _tagger(self) -> "Tagger":
        from .model import checked_tagger

        return checked_tagger(self.model, self.name, self.labels)

    def set_annotations(self, docs: Iterable[Doc], scores: Any) -> None:
        """Set the entities of the best paths. Entities and blocked tokens already there stay.

        scores (Paths): What `predict` returned for the Docs.
        """
        docs, labels = list(docs), [self.vocab.strings.add(label) for label in self.labels]
        for doc, tags in zip(docs, scores.best, strict=True):
            set_entities(doc, tags, labels)
        if self.confidence:
            set_confidence(self, docs, scores)

    def evidence(
        self, docs: Sequence[Doc], *, samples: int = 0, decoder_only: bool = False, seed: int = 0
    ) -> list[Evidence]:
        """What the model shows of its certainty about sentences of a pool.

        docs (Sequence[Doc]): The sentences, with their ids. Where the model listens to a component,
            they have passed it.
        samples (int): MC dropout samples M. With 0 there are none.
        decoder_only (bool): Sample only the dropout between decoder and tags.
        seed (int): Seed of the samples and of `Evidence.uniform`.
        RETURNS (list[Evidence]): In the order of the Docs, whatever the batches.
        """
        tagger = self._tagger()
        context = predict_context(self.model, docs, self.batch_words, tagger.read_context)
        sampled: list[NDArray | None] = [None] * len(docs)
        if samples:
            masks = tagger.draw_samples(samples, seed, decoder_only)
            sampled[:] = tagger.sample(docs, context, masks, self.batch_words)
        return make_evidence(docs, tagger.paths(docs, context, self.batch_words), sampled, seed)

    def sample(
        self,
        docs: Sequence[Doc],
        *,
        samples: int,
        decoder_only: bool = False,
        seed: int = 0,
        first: int = 0,
    ) -> list[NDArray]:
        """The paths of networks drawn by MC dropout, as in `evidence`.

        first (int): How many of the samples to leave out, from the first.
        RETURNS (list[array[samples - first, n_words]]): Tags, per Doc.
        """
        tagger = self._tagger()
        context = predict_context(self.model, docs, self.batch_words, tagger.read_context)
        masks = tagger.draw_samples(samples, seed, decoder_only)[first:]
        return tagger.sample(docs, context, masks, self.batch_words)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch. The decoder reads the gold tags (teacher forcing), or the predicted
        one where a word has none.

        examples (Iterable[Example]): Unannotated words give no gradient.
        drop (float): The rate of each dropout that the architecture leaves open.
        sgd (Optimizer | None): With None, gradients are collected and the weights stay.
        losses (dict | None): Loss by component name, added to. Cross-entropy summed over words.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "DeepNER.update")
        self._tagger()  # raises its error also where there is no example
        if examples:
            set_dropout_rate(self.model, drop)
            losses[self.name] += self._collect_gradients(examples)
        if sgd not in (None, False):
            self.finish_update(sgd)
        return losses

    def _collect_gradients(self, examples: list[Example]) -> float:
        """RETURNS (float): The loss. The tok2vec gets all Docs, the network those with a tag."""
        from .model import TeacherForced

        every = gold_tags(examples, self.labels, check=True)
        context, backprop_context = begin_context(self.model, [eg.predicted for eg in examples])
        possible = possible_tags(examples, self.labels)
        tagged = [
            i
            for i, tags in enumerate(every)
            if (tags != scheme.MISSING).any() or not (possible is None or possible[i].all())
        ]
        loss, d_context = 0.0, {}
        if tagged:
            examples = [examples[i] for i in tagged]
            docs, gold = [eg.predicted for eg in examples], [every[i] for i in tagged]
            rows = [context[i] for i in tagged]

            def predict(some: list[int]) -> list[NDArray]:  # a listener has no other context yet
                tagger, chosen = self._tagger(), [docs[i] for i in some]
                read = tagger.read_context([rows[i] for i in some])
                return tagger.paths(chosen, read, self.batch_words).tags

            previous = previous_tags(gold, self.model.get_dim("nO"), predict)
            scores, backprop = self.model.begin_update(TeacherForced(docs, previous, rows))
            loss, d_scores = self.get_loss(examples, scores)
            if np.isnan(loss):
                raise ValueError(Errors.E910.format(name=self.name))
            if d_rows := backprop(d_scores):  # none without a tok2vec
                d_context = dict(zip(tagged, d_rows, strict=True))
        # Also when empty: the last listener starts the backward pass of a shared tok2vec.
        backprop_context(d_context)
        return loss

    def get_loss(self, examples: Iterable[Example], scores: NDArray) -> tuple[float, NDArray]:
        """Cross-entropy of the gold tags, or of those that are possible: see partial.py.

        examples (Iterable[Example]): The batch.
        scores (array[n_words, n_tags]): Logits of all real words of the batch.
        RETURNS (float, array[n_words, n_tags]): The loss, summed over words, and its gradient.
        """
        examples = list(examples)
        gold, possible = gold_tags(examples, self.labels), possible_tags(examples, self.labels)
        tags = np.concatenate(gold) if gold else np.zeros(0, "int64")
        return tag_loss(scores, tags, None if possible is None else np.concatenate(possible))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
        counts: dict[str, dict[str, int]] | None = None,
    ) -> None:
        """Fix labels and vocabularies, and draw the weights.

        get_examples (Callable): Returns the Examples, whose text gives characters and words.
        labels (Sequence[str] | None): The entity types. None: those of the Examples.
        counts (dict | None): What `InitialText` counts, if that is known. None: it is counted.
        RAISES (ValueError): When a label is not a string.
        """
        check_examples(get_examples, counts)
        check_lexeme_norms(self.vocab, "NER")
        check_tokens(nlp, get_examples)
        found = initial_labels(labels, counts, get_examples)
        self.cfg |= {"labels": sorted({*self.labels, *found}), "temperature": 1.0}  # a new start
        if not self.labels:
            warn_of_no_labels(self.name)
        for label in self.labels:
            self.vocab.strings.add(label)
        self.model.set_dim("nO", scheme.tag_count(self.labels), force=True)
        self.model.initialize(X=InitialText.of((eg.predicted for eg in get_examples()), counts))
