"""The active learning loop (Shen et al. 2017, sections 4 and 5), one round at a time.

The first round labels a seed set, trains and evaluates. Each later one scores, selects, labels,
trains and evaluates.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..acquisition.copies import CopyFilter
from ..acquisition.engines import make_engine
from ..acquisition.functions import needs_of
from ..acquisition.pool_scoring import score_pool
from ..acquisition.registry import acquisition_block, resolve_acquisition
from ..acquisition.score_folder import ScoreFolder
from ..acquisition.scoring_job import make_job
from ..acquisition.selection import PoolScores, select
from ..acquisition.upstream import find_tagger
from ..budgets import WHAT_IS_LABELLED
from ..corpus.docbin import write_docs
from ..errors import DeepALError, plural
from ..files import draft_beside, replace_folder
from ..pipelines import blank_pipeline, load_pipeline, save_pipeline
from ..pool.index import count_genres
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..pool.shards import write_shards
from ..sealed import seal_folder
from ..seeds import derive_seed
from ..sentences import count_words, is_looked_at, sentence_id
from .checks import check_labelled
from .repair import take_out_damaged
from .rows import FoundEntities, RoundMetrics, Selected
from .run_folder import RoundFolder, RunFolder
from .seed_set import find_labelled, know_types
from .settings import SECTION
from .stability import agreement, draw_stop_set, find_entities, stopping_point
from .training import Training, dev_scores, evaluate_pipeline
from .unlabelled import Unlabelled


class Loop:
    """A run between two rounds. Its state is the folder; the object holds only what it has read."""

    def __init__(self, training: Training, folder: RunFolder, pool: Pool):
        self.training = training
        self.settings = training.settings
        self.config = training.config.interpolate()
        self.folder, self.pool = folder, pool
        self.vocab = blank_pipeline(folder.manifest.lang).vocab
        self.left = Unlabelled(self.settings, folder, pool, self.vocab)

    def end(self) -> str:
        """RETURNS (str): Why there is no next round; empty if there is one."""
        metrics, settings = self.folder.metrics, self.settings
        if not metrics:
            return ""
        last = metrics[-1]
        if settings.target_f is not None and last.dev_ents_f >= settings.target_f:
            return f"F1 on dev has reached {settings.target_f:.3f}."
        stable, rounds = settings.stop_stability, settings.stop_rounds
        stability = [line.stability for line in metrics]
        if stable is not None and stopping_point(stability, stable, rounds) is not None:
            return f"Predictions are stable: {stable:.3f} or more in the mean of {rounds} rounds."
        if settings.rounds and last.round >= settings.rounds:
            return f"Rounds done: {settings.rounds}."
        return self.left.used_up(len(metrics))

    def next_round(self, on_model: Callable[[Path], None] = lambda model: None) -> RoundMetrics:
        """Do the next round, or what is left of it.

        on_model (Callable): Called with the trained pipeline, before it is evaluated.
        """
        metrics = self.folder.metrics
        here = self.folder.round(len(metrics))
        selection = self._how_to_select(metrics)
        if not here.batch.exists():
            if not here.selected.path.exists():
                self._select(here, selection)
            self._label(here)
        on_model(self.trained(here.number))
        self._remove_scores(here.number)
        return self._evaluate(here, selection, self._labelled(here.number))

    def _remove_scores(self, number: int) -> None:
        """Remove the scores that no round after this one looks back at."""
        rounds = needs_of(self.settings.acquisition).rounds
        needed = [*self._scored(rounds), number] if rounds else []
        for each in self.folder.rounds():
            if each.number not in needed:
                shutil.rmtree(each.scores, ignore_errors=True)

    def repair(self, tell: Callable[[str], None]) -> None:
        """Take out what is damaged, and make again what is missing of what is finished."""
        for damaged in take_out_damaged(self.folder):
            tell(damaged)
        if not self.folder.initial.exists():
            save_pipeline(self._initialize(), self.folder.initial)
        if metrics := self.folder.metrics:
            self._labelled(metrics[-1].round)
            self.trained(metrics[-1].round)

    def _initialize(self) -> Language:
        """RETURNS (Language): The pipeline from which the run started. It knows nothing of shards
        that the pool has got since then."""
        added = self.folder.manifest.added
        if not added:
            return self.training.initialize(self.folder.index)
        first = (shard for shard in self.pool.shards if shard.name not in added)
        with draft_beside(self.folder.initial) as draft:
            write_shards((doc for shard in first for doc in shard.read()), draft / "pool")
            return self.training.initialize(pool=draft / "pool")

    def trained(self, number: int) -> Path:
        """RETURNS (Path): The model of a round. If it is not there, the round is trained; so are,
        before it, those rounds whose weights it starts from."""
        here = self.folder.round(number)
        if not here.model.exists():
            labelled = self._labelled(number)
            warm = self.settings.warm_start
            start = self._start(number) if warm else self.folder.initial
            with here.timed("train"):
                best = self.training.train_round(here, start, labelled)
                seal_folder(best)
            replace_folder(best, here.model)
            here.diverged.unlink(missing_ok=True)
        return here.model

    def _how_to_select(self, metrics: list[RoundMetrics]) -> str:
        if not metrics:
            return WHAT_IS_LABELLED if self.folder.was_labelled(0) else "seed"
        return "random" if metrics[-1].dev_ents_f < self.settings.cold_start else "acquisition"

    def _select(self, here: RoundFolder, selection: str) -> None:
        """Score what is left of the pool, and write which sentences are selected."""
        if selection == WHAT_IS_LABELLED:
            here.selected.write(find_labelled(self.pool))
            return
        scored, number = selection == "acquisition", here.number
        budget, most = self.left.budget(number), self.settings.max_similarity
        block = self.config[SECTION]["acquisition"] if scored else acquisition_block("RAND")
        with here.timed("score"):
            self._score(here, block)
            scores = self._final_scores(here, block)
        with here.timed("select"):
            known = self.left.earlier(number)
            copies = None if most is None else CopyFilter(self.pool, most, known)
            batch = select(scores, budget, copies)
        if not scored:
            shutil.rmtree(here.scores, ignore_errors=True)
        if not batch:
            raise DeepALError(
                f"No sentence of the pool {self.pool.path} fits into {plural(budget, 'word')}. "
                f"Raise seed_words in [{SECTION}]."
            )
        here.selected.write(
            Selected(id=item.id, words=item.words, score=item.score if scored else None)
            for item in batch
        )

    def _score(self, here: RoundFolder, block: dict[str, Any]) -> None:
        """Write first scores of what a round has left of the pool. If near-copies are passed over,
        nobody knows in advance how far down the scores the budget reaches, so all of them have to
        be exact."""
        exact = self.settings.max_similarity is not None
        job = make_job(
            self._start(here.number),
            here.scores,
            block,
            budget=None if exact else self.left.budget(here.number),
            seed=derive_seed(self.settings.seed, "score", here.number),
            code=self.training.code,
            use_gpu=self.training.use_gpu,
        )
        engine = make_engine(self.settings.n_process, self.settings.engine)
        title, left_out = f"round {here.number}, scoring", self.left.selected_ids(here.number)
        score_pool(job, self.pool, exclude=left_out, engine=engine, title=title)

    def _final_scores(self, here: RoundFolder, block: dict[str, Any]) -> PoolScores:
        """RETURNS (PoolScores): The scores of a round, with a look back at as many rounds as the
        function needs. Rounds whose batch was drawn at random have no scores."""
        function = resolve_acquisition(block)
        earlier = []
        for each in map(self.folder.round, self._scored(needs_of(function).rounds)):
            earlier.append(ScoreFolder(each.scores))
            try:
                for _ in earlier[-1].read_all():
                    pass
            except DeepALError:  # a file was lost or damaged
                self._score(each, block)
        return PoolScores(ScoreFolder(here.scores), self.pool, function, earlier)

    def _scored(self, rounds: int) -> list[int]:
        """RETURNS (list[int]): Of the finished rounds that chose by scores, the last ones."""
        scored = [line.round for line in self.folder.metrics if line.selection == "acquisition"]
        return scored[-rounds:] if rounds else []

    def _label(self, here: RoundFolder) -> None:
        """Have the selected sentences labelled, and check what comes back."""
        ids, oracle = [item.id for item in here.selected.read()], self.settings.oracle
        docs = fetch(self.pool, ids, self.vocab, with_gold=True)
        tagger = find_tagger(load_pipeline(self.folder.initial))
        if was_labelled := self.folder.was_labelled(here.number):
            know_types(docs, self.folder.manifest.labelled_types or (), tagger.labels)
        given = docs if was_labelled else oracle.label(docs, here.path)
        labelled = {sentence_id(doc): doc for doc in given}
        check_labelled(labelled, ids, tagger, here.path)
        write_docs([labelled[name] for name in ids], here.batch)
        if not was_labelled:
            oracle.labels_kept(here.path)

    def _labelled(self, number: int) -> list[Doc]:
        """RETURNS (list[Doc]): All that is labelled up to and with a round. Corrections count."""
        docs: list[Doc] = []
        for each in map(self.folder.round, range(number + 1)):
            if not each.batch.exists() or self._is_corrected(each):
                self._label(each)
            docs += each.read_batch(self.vocab)
        return docs

    def _is_corrected(self, here: RoundFolder) -> bool:
        oracle = self.settings.oracle
        given = self.folder.was_labelled(here.number)
        return not given and oracle.corrected(here.path, here.batch)

    def _evaluate(self, here: RoundFolder, selection: str, labelled: list[Doc]) -> RoundMetrics:
        nlp = load_pipeline(here.model)
        with here.timed("evaluate"):
            scores = evaluate_pipeline(nlp, self.config["paths"]["test"])
            found = self._find_entities(here, nlp)
        before = self._entities_before(here.number)
        known = list(filter(is_looked_at, labelled))
        words = sum(map(count_words, known))
        return RoundMetrics(
            round=here.number,
            selection=selection,
            words=words,
            words_percent=100 * words / self.pool.words,
            sentences=len(known),
            **scores,
            **dev_scores(nlp),
            stability=agreement(before, found) if before else None,
            genres=count_genres(here.read_batch(self.vocab)),
            seconds=here.seconds,
        )

    def _find_entities(self, here: RoundFolder, nlp: Language) -> list[FoundEntities]:
        stop_set = draw_stop_set(self.pool, nlp.vocab, self.settings.seed)
        found = find_entities(nlp, stop_set)
        here.entities.write(found)
        return found

    def _entities_before(self, number: int) -> list[FoundEntities]:
        """RETURNS (list[FoundEntities]): What the model of the round before finds in the stop set;
        nothing in the first round."""
        if number == 0:
            return []
        here = self.folder.round(number - 1)
        if here.entities.path.exists():
            return here.entities.read()
        return self._find_entities(here, load_pipeline(self.trained(here.number)))

    def _start(self, number: int) -> Path:
        return self.trained(number - 1) if number else self.folder.initial
