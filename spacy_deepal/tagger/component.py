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
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from ..errors import DeepALError
from ..seeds import derive_uniform
from ..sentences import sentence_id
from . import scheme
from .gold import annotation, gold_tags, tag_loss

if TYPE_CHECKING:
    from .evidence import Evidence

DEFAULT_CONFIG = """
[model]
@architectures = "spacy_deepal.CnnCnnLstm.v1"
"""


@Language.factory(
    "deepal_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": Config().from_str(DEFAULT_CONFIG)["model"],
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_deepal_ner(nlp: Language, name: str, model: Model, scorer: Callable | None) -> "DeepNER":
    """Make a DeepNER component: the factory `deepal_ner`.

    model (Model): Such as `spacy_deepal.CnnCnnLstm.v1`.
    scorer (Callable | None): The scoring function; None: the component scores nothing.
    """
    return DeepNER(nlp.vocab, model, name, scorer=scorer)


class DeepNER(TrainablePipe):
    """Named entity recognition with a tag decoder (Shen et al. 2017).

    A Doc is tagged as one sequence of its real words; white-space tokens are passed over. Entities
    and blocked tokens that a Doc brings along are kept.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "deepal_ner",
        *,
        scorer: Callable | None = ner_score,
    ):
        self.vocab = vocab
        self.model = model
        self.name = name
        self.cfg: dict[str, Any] = {"labels": []}
        self.scorer = scorer

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): The entity types, sorted."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): What `spacy init labels` writes and `initialize` reads."""
        return self.labels

    def add_label(self, label: str) -> int:
        """Add an entity type, before the component is initialised.

        label (str): The type.
        RETURNS (int): 0 when it is there already, else 1.
        RAISES (ValueError): When label is no string, or the number of tags is fixed already.
        """
        if not isinstance(label, str):
            raise ValueError(Errors.E187)
        if label in self.labels:
            return 0
        if self.model.has_dim("nO"):
            raise DeepALError(
                f"Cannot add the label {label!r} to component '{self.name}': it was initialised "
                f"for {len(self.labels)} labels ({', '.join(self.labels)}). Add labels before "
                "nlp.initialize(), or give all of them in [initialize.components."
                f"{self.name}.labels]."
            )
        self.cfg["labels"] = sorted([*self.labels, label])
        self.vocab.strings.add(label)
        return 1

    def predict(self, docs: Iterable[Doc]) -> Any:
        """Decode Docs, without changing them.

        docs (Iterable[Doc]): The Docs; empty ones are fine.
        RETURNS (Paths): Greedy tags, their log-probabilities, and the best tags that the beam
            found, per Doc, for its real words.
        """
        self._require_labels()
        return self.model.predict(list(docs))

    def set_annotations(self, docs: Iterable[Doc], scores: Any) -> None:
        """Set the entities of the best paths. Entities and blocked tokens already there stay.

        docs (Iterable[Doc]): The Docs to change.
        scores (Paths): What `predict` returned for them.
        """
        labels = [self.vocab.strings.add(label) for label in self.labels]
        for doc, tags in zip(docs, scores.best, strict=True):
            if not (tags.any() or doc.has_annotation("ENT_IOB")):
                doc.set_ents([])
                continue
            iob, _, words = annotation(doc)
            taken = (iob == scheme.IOB_BEGIN) | (iob == scheme.IOB_INSIDE)
            entities = []
            for first, end, label in scheme.decode(tags.tolist()):
                start, stop = int(words[first]), int(words[end - 1]) + 1
                if not taken[start:stop].any():
                    entities.append(Span(doc, start, stop, label=labels[label]))
            if iob.any():  # the Doc brought annotation along
                outside = [Span(doc, i, i + 1) for i in _free(iob, entities)]
                doc.set_ents(entities, outside=outside, default="unmodified")
            else:
                doc.set_ents(entities)

    def evidence(
        self,
        docs: Sequence[Doc],
        *,
        samples: int = 0,
        decoder_only: bool = False,
        seed: int = 0,
        batch_words: int | None = None,
    ) -> list["Evidence"]:
        """What the model shows of its certainty about sentences of a pool.

        docs (Sequence[Doc]): The sentences, with their ids in `user_data`; where the model listens
            to a component, they have passed it.
        samples (int): MC dropout samples M; 0: none. A tok2vec runs once for all, without dropout.
        decoder_only (bool): Sample what lies between decoder and tags alone (`sample_outputs`).
        seed (int): Seed of the samples and of `Evidence.uniform`.
        batch_words (int | None): Most words decoded at once; None: as the architecture says.
        RETURNS (list[Evidence]): In the order of the Docs, whatever the batches.
        """
        from .context import predict_context
        from .evidence import Evidence, path_log_probs, sample_outputs, sample_paths
        from .prediction import predict_paths

        self._require_labels()
        docs = list(docs)
        batch_words = batch_words or self.model.shims[0].batch_words
        context = predict_context(self.model, docs, batch_words)
        paths = predict_paths(self.model.shims[0], docs, batch_words, context)
        sampled: list[NDArray | None] = [None] * len(docs)
        if samples:
            sample = sample_outputs if decoder_only else sample_paths
            sampled = sample(
                self.model, docs, context, samples=samples, seed=seed, batch_words=batch_words
            )
        return [
            Evidence(
                id=(name := sentence_id(doc)),
                words=len(tags),
                uniform=derive_uniform(seed, "uniform", name),
                tags=tags,
                log_probs=log_probs,
                tag_log_probs=tag_log_probs,
                samples=sample,
            )
            for doc, tags, log_probs, tag_log_probs, sample in zip(
                docs, paths.tags, path_log_probs(paths), paths.log_probs, sampled, strict=True
            )
        ]

    def sample(
        self,
        docs: Sequence[Doc],
        *,
        samples: int,
        seed: int = 0,
        batch_words: int | None = None,
        first: int = 0,
    ) -> list[NDArray]:
        """The paths of networks drawn by MC dropout, as in `evidence`.

        first (int): How many of the samples to leave out, from the first.
        RETURNS (list[array[samples - first, n_words]]): Tags, per Doc.
        """
        from .context import predict_context
        from .evidence import sample_paths

        self._require_labels()
        options = {"batch_words": batch_words or self.model.shims[0].batch_words}
        context = predict_context(self.model, docs, **options)
        options |= {"samples": samples, "seed": seed, "first": first}
        return sample_paths(self.model, docs, context, **options)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch. The decoder is fed the gold tags (teacher forcing); where a word has
        none, the tag that the model itself predicts.

        examples (Iterable[Example]): Unannotated words give no gradient.
        drop (float): The rate of each dropout that the architecture leaves open.
        sgd (Optimizer | None): None: gradients are collected, weights stay.
        losses (dict | None): Loss by component name, added to. Cross-entropy summed over words.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "DeepNER.update")
        self._require_labels()
        if examples:
            from .teaching import teach

            set_dropout_rate(self.model, drop)
            loss = teach(self.model, examples, self.labels)
            if np.isnan(loss):
                raise ValueError(Errors.E910.format(name=self.name))
            losses[self.name] += loss
        if sgd not in (None, False):
            self.finish_update(sgd)
        return losses

    def get_loss(self, examples: Iterable[Example], scores: NDArray) -> tuple[float, NDArray]:
        """Cross-entropy of the gold tags.

        examples (Iterable[Example]): The batch.
        scores (array[n_words, n_tags]): Logits of all real words of the batch.
        RETURNS (float, array[n_words, n_tags]): The loss, summed over words, and its gradient.
        """
        gold = gold_tags(list(examples), self.labels)
        return tag_loss(scores, np.concatenate(gold) if gold else np.zeros(0, "int64"))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Fix labels and vocabularies, and draw the weights.

        get_examples (Callable): Returns the Examples. Their text gives characters and words, and
            their entities the labels where `labels` does not; it may be called several times.
        nlp (Language | None): The pipeline.
        labels (Sequence[str] | None): The entity types, as `spacy init labels` writes them.
        RAISES (DeepALError): When there is no label. ValueError: When a label is no string.
        """
        validate_get_examples(get_examples, "DeepNER.initialize")
        if labels is None:
            labels = {ent.label_ for eg in get_examples() for ent in eg.reference.ents}
        if not all(isinstance(label, str) for label in labels):
            raise ValueError(Errors.E187)
        self.cfg["labels"] = sorted({*self.labels, *labels})  # all weights are drawn anew
        if not self.labels:
            raise DeepALError(
                f"Component '{self.name}' has no labels: the training data has no entity. Give "
                f"data with entities, set [initialize.components.{self.name}.labels], or call "
                "add_label() before nlp.initialize()."
            )
        for label in self.labels:
            self.vocab.strings.add(label)
        self.model.set_dim("nO", scheme.tag_count(self.labels), force=True)
        self.model.initialize(X=(eg.predicted for eg in get_examples()))

    def _require_labels(self) -> None:
        """Raise the error of spaCy's own components where there is no label."""
        if not self.labels:
            raise ValueError(Errors.E143.format(name=self.name))


def _free(iob: NDArray, entities: list[Span]) -> list[int]:
    """Tokens without annotation that no new entity covers: they become O."""
    free = iob == scheme.IOB_MISSING
    for entity in entities:
        free[entity.start : entity.end] = False
    return np.flatnonzero(free).tolist()
