"""Makes the queue: dev and test first, then what is looked at again, then the pool by score.

Older sentences in which a new type is not suggested come last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import chain, zip_longest

from spacy.language import Language
from spacy.tokens import Doc

from ..acquisition.copies import CopyFilter
from ..acquisition.functions import RAND, AcquisitionFunction, Score
from ..acquisition.scoring import score
from ..acquisition.selection import select
from ..annotation.answers import IGNORE, Answer, Part, Suggestion
from ..annotation.suggestions import Suggest, Suggester, without_overlaps
from ..pipelines import blank_pipeline
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..pool.shards import read_shards
from ..rounds.other_pipeline import OtherPipeline
from ..seeds import derive_seed
from ..sentences import sentence_id
from .journal import Annotations
from .labelling_folder import LabellingFolder, LabellingJob, Task

BATCHES_AHEAD = 5  # the queue holds so many times the budget, so that nobody waits for a training
SEARCHED = 2000  # sentences, drawn at random, among which promising ones are looked for


@dataclass
class Ranking:
    """The state of a run from which its queue is made.

    acquisition (AcquisitionFunction | None): Ranks the pool. None: the model knows too little, or
        there is none. Then sentences are drawn at random, in turn with promising ones.
    budget (int): The words of a batch.
    terms (Callable | None), other (OtherPipeline | None): As for `Suggester`.
    model (Language | None): The last model; None before there is one.
    round (int | None): Its round.
    """

    folder: LabellingFolder
    job: LabellingJob
    annotations: Annotations
    _: KW_ONLY
    acquisition: AcquisitionFunction | None
    budget: int
    seed: int
    max_similarity: float | None = None
    terms: Suggest | None = None
    other: OtherPipeline | None = None
    model: Language | None = None
    round: int | None = None

    def __post_init__(self) -> None:
        self.pool = Pool(self.folder.pool)
        self.nlp = blank_pipeline(self.job.lang) if self.model is None else self.model
        seen = self.annotations.settled("train") if self.round is not None else []
        trained = {label for answer in seen for _, _, label in answer.entities}
        labels = tuple(self.annotations.labels)
        self.suggester = Suggester(labels, self.model, self.other, self.terms, trained)
        self.all_queued = False

    def make_queue(self) -> list[Task]:
        """RETURNS (list[Task]): The queue. `all_queued` then says whether it has all that is left
        of the pool, apart from copies. Only then it ends with the older sentences in which no new
        type is suggested."""
        pool = self._pool_tasks(self._rank())
        again = self._again()
        first = [task for task in again if task.suggestions]
        last = [task for task in again if not task.suggestions and self.all_queued]
        return [*self._sample("dev"), *self._sample("test"), *first, *pool, *last]

    def _sample(self, part: Part) -> Iterator[Task]:
        """YIELDS (Task): Sentences for dev or test, in a random order: those that nobody has
        labelled, of which the session takes as many as it needs, and those that do not know all
        types yet. Nothing is suggested: a sample that agrees with the model because people followed
        it measures nothing."""
        path = self.folder.reserve(part)
        if not path.exists():
            return
        for doc in read_shards(path, blank_pipeline(self.job.lang).vocab):
            answer = self.annotations.final(sentence_id(doc))
            if answer is None:
                yield self._task(part, doc)
            elif not self.annotations.complete(answer):
                yield self._task(part, doc, before=answer)

    def _again(self) -> list[Task]:
        """RETURNS (list[Task]): Sentences that were labelled before a type was added, with what is
        suggested of that type."""
        old = [a for a in self.annotations.settled("train") if not self.annotations.complete(a)]
        if not old:
            return []
        docs = self._fetch([answer.id for answer in old])
        suggestions = self.suggester.suggest(docs)
        tasks = []
        for answer, doc in zip(old, docs, strict=True):
            new = {*self.annotations.labels} - {*answer.labels}
            found = [each for each in suggestions[answer.id] if each.label in new]
            found = without_overlaps(found, answer.entities)
            tasks.append(self._task("train", doc, found, before=answer))
        return tasks

    def _rank(self) -> list[Score]:
        """RETURNS (list[Score]): The sentences of the pool that come next. One with more words
        than a queue holds comes when all others are in it: people are asked for all of the text."""
        scores = score(
            self.nlp,
            self.pool,
            self.acquisition or RAND(),
            exclude={answer.id for answer in self.annotations.settled("train")},
            budget=BATCHES_AHEAD * self.budget if self.max_similarity is None else None,
            seed=derive_seed(self.seed, "queue", self.round or 0),
        )
        chosen = self._choose(scores)
        most, names = BATCHES_AHEAD * self.budget, {item.id for item in chosen}
        room = most - sum(item.words for item in chosen)  # what it holds was passed over: a copy
        self.all_queued = not any(
            room < item.words <= most for item in scores if item.id not in names
        )
        if not self.all_queued:
            return chosen
        too_long = (item for item in scores if item.words > most)
        return [*chosen, *sorted(too_long, key=lambda item: (-item.score, item.id))]

    def _choose(self, scores: list[Score]) -> list[Score]:
        if self.acquisition is None and self.suggester.can_promise:
            scores = self._promising_in_turn(scores)
        copies = None
        if self.max_similarity is not None:
            earlier = map(self._doc_of, self.annotations.settled("train"))
            copies = CopyFilter(self.pool, self.max_similarity, earlier)
        return select(scores, BATCHES_AHEAD * self.budget, copies)

    def _doc_of(self, answer: Answer) -> Doc:
        """RETURNS (Doc): The words of an answer's sentence. The journal has them, and to read the
        pool once more would take longer."""
        words = [token.removesuffix(" ") for token in answer.tokens if not token.isspace()]
        return Doc(self.nlp.vocab, words=words)

    def _promising_in_turn(self, scores: list[Score]) -> list[Score]:
        """RETURNS (list[Score]): Some of the sentences, with scores by which those come in turn
        that promise most and those that are drawn from all."""
        drawn = sorted(scores, key=lambda item: -item.score)[:SEARCHED]
        promise = self.suggester.promise(self._fetch([item.id for item in drawn]))
        promising = [item for item in drawn if promise[item.id]]
        promising.sort(key=lambda item: -promise[item.id])
        pairs = filter(None, chain.from_iterable(zip_longest(promising, drawn)))
        in_turn = {item.id: item.words for item in pairs}  # a dict keeps the first place of each
        return [
            Score(id=name, words=words, score=float(-place))
            for place, (name, words) in enumerate(in_turn.items())
        ]

    def _pool_tasks(self, scores: Sequence[Score]) -> list[Task]:
        docs = self._fetch([item.id for item in scores])
        suggestions = self.suggester.suggest(docs)
        drawn = self.acquisition in (None, RAND())
        return [
            self._task("train", doc, suggestions[item.id], score=None if drawn else item.score)
            for item, doc in zip(scores, docs, strict=True)
        ]

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
