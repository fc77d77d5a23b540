"""The active learning loop (Shen et al. 2017, sections 4 and 5): label a seed set, train, evaluate;
then score, select, label, train and evaluate, round after round."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config, load_model
from spacy.vocab import Vocab
from thinc.api import Config

from ..acquisition.copies import CopyFilter, without_copies
from ..acquisition.functions import RAND, AcquisitionFunction
from ..acquisition.score_file import Score
from ..acquisition.scoring import score
from ..acquisition.selection import select
from ..acquisition.upstream import find_tagger
from ..errors import DeepALError
from ..files import replace_folder
from ..pipelines import blank_pipeline
from ..pool.shards import fetch, read_shards
from ..progress import progress_bar
from ..seeds import derive_seed
from ..sentences import count_words, sentence_id
from .labels import check_labelled
from .manifest import count_genres, make_manifest
from .rows import RoundMetrics, Selected
from .run_folder import RoundFolder, RunFolder
from .settings import SECTION, Settings, read_settings, words_of
from .stability import agreement, draw_stop_set, find_entities, stopping_point
from .training import evaluate_pipeline, initialize, save_pipeline, train_round


def run_loop(
    config: Config,
    run_dir: str | Path,
    *,
    keep: str = "last",
    use_gpu: int = -1,
    on_round: Callable[[RoundMetrics], None] = lambda line: None,
) -> str:
    """Run active learning to its end. Continues where an earlier process stopped.

    config (Config): A training config with an [active_learning] section, not interpolated.
    run_dir (str | Path): The run's folder.
    keep (str): Which rounds' models stay on disk: "last" or "all".
    use_gpu (int): GPU id. With -1, the CPU.
    on_round (Callable): Called with the metrics of each round when it is finished.
    RETURNS (str): Why the run ended.
    RAISES (DeepALError): If the config cannot be used, if the folder holds another run or is in
        use, or if data cannot be read.
    """
    resolved = config.interpolate()
    settings = read_settings(resolved)
    folder = RunFolder(Path(run_dir))
    with folder.lock():
        manifest = make_manifest(resolved, settings)
        if folder.initial.exists():
            folder.open(manifest)
        else:  # nothing is written before all that is needed has been found
            pool, vocab = resolved["paths"]["pool"], blank_pipeline(manifest.lang).vocab
            settings.oracle.check(read_shards(pool, vocab))
            nlp = initialize(config, settings, use_gpu=use_gpu)
            folder.open(manifest)
            save_pipeline(nlp, folder.initial)
        loop = Loop(config, settings, folder, use_gpu)
        folder.tidy(keep)
        while not (end := loop.end()):
            line = loop.next_round()
            folder.add_metrics(line)
            on_round(line)
            folder.tidy(keep)
        return end


def load_run_config(path: str | Path, overrides: dict[str, Any]) -> Config:
    """Load a config for `run_loop`.

    overrides (dict): Values by dotted key, as `spacy train` takes them.
    RAISES (DeepALError): If there is no such file.
    """
    if not Path(path).is_file():
        raise DeepALError(
            f"There is no config file {path}. `python -m spacy deepal init-config {path}` writes "
            "one."
        )
    return load_config(path, overrides=overrides, interpolate=False)


class Loop:
    """A run between two rounds. Its state is the folder; the object holds only what it has read.

    config (Config): The user's config, not interpolated.
    """

    def __init__(self, config: Config, settings: Settings, folder: RunFolder, use_gpu: int):
        self.config = config
        self.paths = config.interpolate()["paths"]
        self.settings = settings
        self.folder = folder
        self.use_gpu = use_gpu
        self.pool = folder.manifest.pool
        self.vocab = blank_pipeline(folder.manifest.lang).vocab

    def end(self) -> str:
        """RETURNS (str): Why there is no next round; empty if there is one."""
        metrics, settings = self.folder.metrics, self.settings
        if not metrics:
            return ""
        last = metrics[-1]
        if settings.target_f is not None and last.dev_ents_f >= settings.target_f:
            return f"F1 on dev has reached {settings.target_f:.3f}."
        if settings.stop_stability is not None:
            stability = [line.stability for line in metrics]
            if stopping_point(stability, settings.stop_stability, settings.stop_rounds) is not None:
                return (
                    f"Predictions are stable: {settings.stop_stability:.3f} or more in the mean of "
                    f"{settings.stop_rounds} rounds."
                )
        if settings.rounds and last.round >= settings.rounds:
            return f"Rounds done: {settings.rounds}."
        return self._used_up(len(metrics))

    def _used_up(self, number: int) -> str:
        """RETURNS (str): Why no sentence is left to select; empty if one is."""
        counts = map(count_words, self._unlabelled(number, self.vocab))
        left = [words for words in counts if words]
        if not left:
            copies = self.settings.max_similarity is not None
            return f"The pool is used up{', apart from near-copies of what is labelled' * copies}."
        if min(left) > self._budget(number):
            return (
                f"The {len(left)} sentences left in the pool are longer than the budget: the "
                f"shortest has {min(left)} words."
            )
        return ""

    def next_round(self) -> RoundMetrics:
        """Do the next round, or what is left of it."""
        metrics = self.folder.metrics
        here = self.folder.round(len(metrics))
        selection = self._how_to_select(metrics)
        if not here.batch_file.exists():
            if not here.selected_file.exists():
                self._select(here, selection)
            self._label(here)
        labelled = self._labelled(here.number)
        if not here.model.exists():
            self._train(here, labelled)
        return self._evaluate(here, selection, labelled)

    def _how_to_select(self, metrics: list[RoundMetrics]) -> str:
        """RETURNS (str): As `RoundMetrics.selection` says."""
        if not metrics:
            return "seed"
        return "random" if metrics[-1].dev_ents_f < self.settings.cold_start else "acquisition"

    def _select(self, here: RoundFolder, selection: str) -> None:
        """Score what is left of the pool, and write which sentences are selected."""
        scored = selection == "acquisition"
        acquisition = self.settings.acquisition if scored else RAND()
        nlp = load_model(self._start(here.number))
        with here.timed("score"):
            scores = self._score(here.number, nlp, acquisition)
        budget, pool = self._budget(here.number), self.paths["pool"]
        with here.timed("select"):
            copies = CopyFilter(pool, self.vocab, self.settings.max_similarity)
            batch = select(scores, budget, copies)
        if not batch:
            raise DeepALError(
                f"No sentence of the pool {pool} fits into {budget} words. Raise seed_words in "
                f"[{SECTION}]."
            )
        here.write_selected(
            Selected(id=item.id, words=item.words, score=item.score if scored else None)
            for item in batch
        )

    def _score(self, number: int, nlp: Language, acquisition: AcquisitionFunction) -> list[Score]:
        """Score what is left of the pool. If near-copies are passed over, nobody knows in advance
        how far down the scores the budget reaches, so all of them have to be exact."""
        settings = self.settings
        left = self.pool.sentences - len(self._selected_ids(number))

        def read() -> Iterable[Doc]:
            docs = self._unlabelled(number, nlp.vocab)
            return progress_bar(docs, f"round {number}, scoring", total=left, unit="sent")

        return list(
            score(
                nlp,
                read,
                acquisition,
                budget=self._budget(number) if settings.max_similarity is None else None,
                seed=derive_seed(settings.seed, "score", number),
            )
        )

    def _label(self, here: RoundFolder) -> None:
        """Have the selected sentences labelled.

        RAISES (DeepALError): If the oracle does not give back the sentences that it got, or uses an
            unknown label.
        """
        ids = [item.id for item in here.read_selected()]
        docs = fetch(self.paths["pool"], ids, self.vocab, with_gold=True)
        labelled = {sentence_id(doc): doc for doc in self.settings.oracle.label(docs, here.path)}
        if labelled.keys() != set(ids):
            lost = [name for name in ids if name not in labelled]
            raise DeepALError(
                f"The oracle must give back the {len(ids)} sentences that it got, with their ids. "
                f"Missing: {', '.join(lost[:5]) or 'none'}; given back: {len(labelled)}."
            )
        tagger = find_tagger(load_model(self.folder.initial))
        check_labelled(labelled.values(), tagger, here.path)
        here.write_batch([labelled[name] for name in ids])

    def _labelled(self, number: int) -> list[Doc]:
        """RETURNS (list[Doc]): All that is labelled up to and with a round, with corrections."""
        docs: list[Doc] = []
        for each in map(self.folder.round, range(number + 1)):
            if self.settings.oracle.corrected(each.path, each.batch_file):
                self._label(each)
            docs += each.read_batch(self.vocab) or []
        return docs

    def _train(self, here: RoundFolder, labelled: list[Doc]) -> None:
        start = self._start(here.number) if self.settings.warm_start else self.folder.initial
        with here.timed("train"):
            best = train_round(
                self.config,
                self.settings,
                start=start,
                docs=labelled,
                here=here,
                use_gpu=self.use_gpu,
            )
        replace_folder(best, here.model)

    def _evaluate(self, here: RoundFolder, selection: str, labelled: list[Doc]) -> RoundMetrics:
        nlp = load_model(here.model)
        with here.timed("evaluate"):
            scores = evaluate_pipeline(nlp, self.paths["test"])
            stability = self._stability(here, nlp)
        words = sum(map(count_words, labelled))
        return RoundMetrics(
            round=here.number,
            selection=selection,
            words=words,
            words_percent=100 * words / self.pool.words,
            sentences=len(labelled),
            **scores,
            dev_ents_f=nlp.meta["performance"]["ents_f"],
            stability=stability,
            genres=count_genres(here.read_batch(self.vocab) or []),
            seconds=here.seconds,
        )

    def _stability(self, here: RoundFolder, nlp: Language) -> float | None:
        """RETURNS (float | None): The agreement of this round's model with the last one's; None in
        the first round."""
        stop_set = draw_stop_set(read_shards(self.paths["pool"], nlp.vocab), self.settings.seed)
        found = find_entities(nlp, stop_set)
        here.write_entities(found)
        before = self.folder.round(here.number - 1).read_entities() if here.number else None
        return agreement(before, found) if before is not None else None

    def _start(self, number: int) -> Path:
        """RETURNS (Path): The pipeline at the beginning of a round."""
        return self.folder.round(number - 1).model if number else self.folder.initial

    def _budget(self, number: int) -> int:
        """RETURNS (int): The most words of a round's batch."""
        budget = self.settings.budget_words if number else self.settings.seed_words
        return words_of(budget, self.pool.words)

    def _unlabelled(self, number: int, vocab: Vocab) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences that no round before this one selected, without near-copies
        of those if there is a `max_similarity`."""
        docs = read_shards(self.paths["pool"], vocab, self._selected_ids(number))
        if self.settings.max_similarity is None:
            return docs
        rounds = map(self.folder.round, range(number))
        earlier = (doc for each in rounds for doc in each.read_batch(self.vocab) or [])
        return without_copies(docs, earlier, self.settings.max_similarity)

    def _selected_ids(self, number: int) -> set[str]:
        """RETURNS (set[str]): What the rounds before this one selected."""
        rounds = map(self.folder.round, range(number))
        return {item.id for each in rounds for item in each.read_selected()}
