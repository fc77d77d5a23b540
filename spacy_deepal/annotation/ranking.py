"""Makes the queue: dev and test first, then what is looked at again, then the pool by score."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest

from spacy.language import Language
from spacy.tokens import Doc

from ..acquisition.copies import CopyFilter
from ..acquisition.functions import RAND, AcquisitionFunction
from ..acquisition.score_folder import Score
from ..acquisition.scoring import score
from ..acquisition.selection import select
from ..acquisition.whole_pool import final_scores
from ..pipelines import blank_pipeline
from ..pool.lookup import fetch
from ..pool.pool import open_pool
from ..seeds import derive_seed
from ..sentences import sentence_id
from .divide import first_words
from .journal import IGNORE, Annotations, Answer, Part, Suggestion
from .labelling_folder import LabellingFolder, LabellingJob, Task
from .suggestions import Suggest, suggest_by_model

BATCHES_AHEAD = 5  # the queue holds so many times the budget, so that nobody waits for a training
SEARCHED = 2000  # sentences, drawn at random, among which terms are looked for


class Ranking:
    """The state of a run from which its queue is made.

    nlp (Language | None): The last model; None before there is one.
    round (int | None): Its round.
    acquisition (AcquisitionFunction): Ranks the pool. Without a model, it is ranked at random.
    trained (set[str]): The types of which the model has seen an entity. Terms are suggested for
        the others.
    budget (int): The words of a batch.
    suggest (Callable | None): Finds terms and patterns.
    """

    def __init__(
        self,
        folder: LabellingFolder,
        job: LabellingJob,
        annotations: Annotations,
        *,
        acquisition: AcquisitionFunction,
        budget: int,
        seed: int,
        max_similarity: float | None = None,
        suggest: Suggest | None = None,
        nlp: Language | None = None,
        round: int | None = None,
    ):
        self.folder, self.job, self.annotations = folder, job, annotations
        self.pool = open_pool(folder.pool)
        self.acquisition = acquisition if nlp is not None else RAND()
        self.budget, self.seed, self.max_similarity = budget, seed, max_similarity
        self.nlp = nlp if nlp is not None else blank_pipeline(job.lang)
        self.suggest, self.round = suggest, round
        seen = annotations.settled("train") if round is not None else []
        self.trained = {label for answer in seen for _, _, label in answer.entities}
        self.scored = 0

    def make_queue(self) -> list[Task]:
        """RETURNS (list[Task]): The queue. `scored` then is how many sentences of the pool are left
        to be labelled."""
        pool = self._pool_tasks(self._rank())
        return [*self._sample("dev"), *self._sample("test"), *self._again(), *pool]

    def _sample(self, part: Part) -> Iterator[Task]:
        """YIELDS (Task): What is still to be labelled of dev or test. Nothing is suggested: a
        sample that agrees with the model because people followed it measures nothing."""
        path = self.folder.reserve(part)
        if not path.exists():
            return
        words = getattr(self.job, f"{part}_words")
        for doc in first_words(path, words, self.job.lang):
            answer = self.annotations.final(sentence_id(doc))
            if answer is None:
                yield self._task(part, doc)
            elif not self.annotations.complete(answer):
                yield self._task(part, doc, before=answer)

    def _again(self) -> Iterator[Task]:
        """YIELDS (Task): Sentences that were labelled before a type was added, if that type is
        suggested in them."""
        old = [a for a in self.annotations.settled("train") if not self.annotations.complete(a)]
        if not old:
            return
        docs = self._fetch([answer.id for answer in old])
        suggestions = self._suggestions(docs)
        for answer, doc in zip(old, docs, strict=True):
            new = {*self.annotations.labels} - {*answer.labels}
            found = [each for each in suggestions[answer.id] if each.label in new]
            if found := without_overlaps(found, answer.entities):
                yield self._task("train", doc, found, before=answer)

    def _rank(self) -> list[Score]:
        """RETURNS (list[Score]): The sentences of the pool that come next."""
        scores = list(self._score())
        return self._choose(list(final_scores(self.acquisition, lambda: scores)))

    def _score(self) -> Iterator[Score]:
        """YIELDS (Score): Of each sentence of the pool that nobody has labelled."""
        done = {answer.id for answer in self.annotations.settled("train")}
        for shard in self.pool.shards:
            with self.nlp.memory_zone():
                docs = (d for d in shard.read(self.nlp.vocab) if sentence_id(d) not in done)
                scores = score(
                    self.nlp,
                    docs,
                    self.acquisition,
                    budget=BATCHES_AHEAD * self.budget if self.max_similarity is None else None,
                    seed=derive_seed(self.seed, "queue", self.round or 0),
                )
                found = list(scores)
            self.scored += len(found)
            yield from found

    def _choose(self, scores: list[Score]) -> list[Score]:
        if self.suggest is not None and self.round is None:
            return self._terms_first(scores)
        copies = None
        if self.max_similarity is not None:
            earlier = self._fetch([answer.id for answer in self.annotations.settled("train")])
            copies = CopyFilter(self.pool, self.max_similarity, earlier)
        return select(scores, BATCHES_AHEAD * self.budget, copies)

    def _terms_first(self, scores: list[Score]) -> list[Score]:
        """RETURNS (list[Score]): Sentences in turn: one in which a term is found, and one drawn
        from all others."""
        drawn = sorted(scores, key=lambda item: -item.score)[:SEARCHED]
        found = self._suggestions(self._fetch([item.id for item in drawn]))
        with_terms = [item for item in drawn if found[item.id]]
        others = [item for item in drawn if not found[item.id]]
        taken, words = [], 0
        for item in filter(None, chain.from_iterable(zip_longest(with_terms, others))):
            if words >= BATCHES_AHEAD * self.budget:
                break
            taken.append(item)
            words += item.words
        return taken

    def _pool_tasks(self, scores: Sequence[Score]) -> list[Task]:
        docs = self._fetch([item.id for item in scores])
        suggestions = self._suggestions(docs)
        drawn = self.acquisition == RAND()
        return [
            self._task("train", doc, suggestions[item.id], score=None if drawn else item.score)
            for item, doc in zip(scores, docs, strict=True)
        ]

    def _suggestions(self, docs: Sequence[Doc]) -> dict[str, list[Suggestion]]:
        """RETURNS (dict): What the model finds, and terms of types that it does not know yet."""
        found: dict[str, list[Suggestion]] = {sentence_id(doc): [] for doc in docs}
        if self.round is not None:
            found = suggest_by_model(self.nlp, docs)
        if self.suggest is None or self.trained >= {*self.annotations.labels}:
            return found
        for name, terms in self.suggest(docs).items():
            new = [each for each in terms if each.label not in self.trained]
            taken = [(each.start, each.end, each.label) for each in found[name]]
            found[name] += without_overlaps(new, taken)
        return found

    def _fetch(self, ids: Sequence[str]) -> list[Doc]:
        if not ids:
            return []
        return fetch(self.pool, ids, self.nlp.vocab, with_gold=False)

    def _task(
        self,
        part: Part,
        doc: Doc,
        suggestions: Sequence[Suggestion] = (),
        *,
        score: float | None = None,
        before: Answer | None = None,
    ) -> Task:
        marked = before is not None and before.answer != IGNORE
        return Task(
            id=sentence_id(doc),
            part=part,
            tokens=[token.text_with_ws for token in doc],
            score=score,
            suggestions=sorted(suggestions, key=lambda each: each.start),
            entities=before.entities if before is not None and marked else None,
            again=before is not None,
            model=self.round,
        )


def without_overlaps(
    suggestions: Iterable[Suggestion], taken: Iterable[tuple[int, int, str]]
) -> list[Suggestion]:
    """RETURNS (list[Suggestion]): Those that have no token in common with one of the entities."""
    spans = [(start, end) for start, end, _ in taken]
    return [
        each
        for each in suggestions
        if not any(each.start < end and start < each.end for start, end in spans)
    ]
