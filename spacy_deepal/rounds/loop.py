"""The active learning loop (Shen et al. 2017, sections 4 and 5): seed set, train, evaluate; then
score, select, label, train, evaluate, round after round."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config, load_model
from thinc.api import Config
from tqdm import tqdm

from ..acquisition.anytime import knows_budget, score_for_budget
from ..acquisition.functions import AcquisitionFunction, make_rand
from ..acquisition.scoring import Score, excluding, find_tagger, score_docs
from ..acquisition.selection import choose, fetch, write_batch
from ..annotation.file_oracle import corrected
from ..errors import DeepALError
from ..files import read_jsonl, replace_folder, write_jsonl
from ..pipelines import blank_pipeline
from ..pool.shards import read_shards
from ..seeds import derive_seed
from ..sentences import count_words, sentence_id
from .manifest import count_genres, make_manifest
from .run_folder import RoundFolder, RunFolder
from .settings import REPRESENTATIVE, SECTION, Settings, read_settings, words_of
from .stability import compare, draw_stop_set, stopping_point
from .training import evaluate, initialize, train_round

SEED, RANDOM, ACQUISITION = "seed", "random", "acquisition"  # how a round's batch was chosen
SEED_OF = 10  # times its words: the random sentences whose words a representative seed set has


def run(
    config: Config,
    run_dir: str | Path,
    *,
    keep: str = "last",
    use_gpu: int = -1,
    report: Callable[[dict[str, Any]], None] = lambda line: None,
) -> str:
    """Run active learning to its end; go on where an earlier process stopped.

    config (Config): A training config with an [active_learning] section, not interpolated.
    run_dir (str | Path): The run's folder.
    keep (str): "last" or "all": which rounds' models stay on disk.
    use_gpu (int): GPU id; -1: CPU.
    report (Callable): Is called with each finished round's line of metrics.
    RETURNS (str): Why the run ended.
    RAISES (DeepALError): For a config that cannot be used, a folder that holds another run or is in
        use, and data that cannot be read.
    """
    resolved = config.interpolate()
    settings = read_settings(resolved)
    folder = RunFolder(Path(run_dir))
    with folder.lock():
        folder.open(make_manifest(resolved, settings))
        if not folder.initial.exists():
            initialize(config, settings, folder.initial, use_gpu=use_gpu)
        loop = Loop(config, settings, folder, use_gpu)
        folder.tidy(keep)
        while not (end := loop.end()):
            line = loop.next_round()
            folder.add_metrics(line)
            report(line)
            folder.tidy(keep)
        return end


def load_run_config(path: str | Path, overrides: dict[str, Any]) -> Config:
    """Load a config for `run`.

    overrides (dict): Values by dotted key, as `spacy train` takes them.
    RAISES (DeepALError): When there is no such file.
    """
    if not Path(path).is_file():
        raise DeepALError(f"There is no config file {path}. configs/al.cfg is one to start from.")
    return load_config(path, overrides=overrides, interpolate=False)


class Loop:
    """One run between two rounds. Its state is the folder; the object only remembers what it read.

    config (Config): Not interpolated.
    """

    def __init__(self, config: Config, settings: Settings, folder: RunFolder, use_gpu: int):
        self.config = config
        self.paths = config.interpolate()["paths"]
        self.settings = settings
        self.folder = folder
        self.use_gpu = use_gpu
        self.pool_words = folder.manifest["pool"]["words"]
        self.pool_sentences = folder.manifest["pool"]["sentences"]
        self.vocab = blank_pipeline(folder.manifest["lang"]).vocab

    def end(self) -> str:
        """RETURNS (str): Why there is no next round; empty when there is one."""
        metrics, settings = self.folder.metrics, self.settings
        if not metrics:
            return ""
        last = metrics[-1]
        if settings.target_f is not None and last["dev_ents_f"] >= settings.target_f:
            return f"F1 on dev has reached {settings.target_f:.3f}."
        if settings.stop_stability is not None:
            stability = [line.get("stability") for line in metrics]
            if stopping_point(stability, settings.stop_stability, settings.stop_rounds) is not None:
                return (
                    f"Predictions have been stable by {settings.stop_stability:.3f} or more in the "
                    f"mean of {settings.stop_rounds} rounds."
                )
        if settings.rounds and last["round"] >= settings.rounds:
            return f"All {settings.rounds} rounds are done."
        known = self._selected_ids(len(metrics))
        docs = excluding(read_shards(self.paths["pool"], self.vocab), known)
        left = [words for doc in docs if (words := count_words(doc))]
        if not left:
            return "The pool is used up."
        if min(left) > self._budget(len(metrics)):
            return (
                f"The {len(left)} sentences left in the pool are longer than the budget: the "
                f"shortest has {min(left)} words."
            )
        return ""

    def next_round(self) -> dict[str, Any]:
        """Do the round that is next, or what is left of it.

        RETURNS (dict): Its line of metrics.
        """
        metrics = self.folder.metrics
        number = len(metrics)
        here = self.folder.round(number)
        how = self._how_to_choose(metrics)
        if not here.batch.exists():
            if not here.selected.exists():
                self._choose(number, here, how)
            self._label(here)
        labelled = self._labelled(number)
        if not here.model.exists():
            self._train(number, here, labelled)
        return self._evaluate(number, here, how, labelled)

    def _how_to_choose(self, metrics: list[dict[str, Any]]) -> str:
        if not metrics:
            return SEED
        return RANDOM if metrics[-1]["dev_ents_f"] < self.settings.cold_start else ACQUISITION

    def _choose(self, number: int, here: RoundFolder, how: str) -> None:
        """Score what is left of the pool, and write the ids selected."""
        settings = self.settings
        acquisition = settings.acquisition if how == ACQUISITION else make_rand()
        nlp = load_model(self._start(number))
        with timed(here, "score"):
            scores = self._score(number, nlp, acquisition)
        with timed(here, "select"):
            batch = choose(
                scores,
                self._budget(number),
                self.paths["pool"],
                self.vocab,
                max_similarity=settings.max_similarity,
                representative_of=self._representative_of(how),
            )
        if not batch:
            raise DeepALError(
                f"No sentence of the pool {self.paths['pool']} fits into "
                f"{self._budget(number)} words. Raise seed_words in [{SECTION}]."
            )
        known_score = {} if how == ACQUISITION else {"score": None}
        write_jsonl(here.selected, (asdict(item) | known_score for item in batch))

    def _score(self, number: int, nlp: Language, acquisition: AcquisitionFunction) -> list[Score]:
        """Score what is left of the pool. BALD samples as far as the batch needs it, where that is
        made by the highest scores alone."""
        settings = self.settings
        seed = derive_seed(settings.seed, "score", number)
        known = self._selected_ids(number)

        def read() -> Iterator[Doc]:
            return excluding(read_shards(self.paths["pool"], nlp.vocab), known)

        highest = settings.max_similarity is None and settings.representative_of is None
        if highest and knows_budget(acquisition):
            return score_for_budget(nlp, read, acquisition, self._budget(number), seed=seed)
        stream = score_docs(nlp, read(), acquisition, seed=seed)
        left = self.pool_sentences - len(known)
        title = f"round {number}, scoring"
        return list(tqdm(stream, title, left, unit="sent", leave=False, disable=None))

    def _representative_of(self, how: str) -> float | None:
        if how == SEED:
            return SEED_OF if self.settings.seed_set == REPRESENTATIVE else None
        return self.settings.representative_of

    def _label(self, here: RoundFolder) -> None:
        """Have the selected sentences labelled.

        RAISES (DeepALError): When the oracle does not give back what it got, with known labels.
        """
        ids = [item["id"] for item in read_jsonl(here.selected)]
        docs = fetch(self.paths["pool"], ids, self.vocab, with_gold=True)
        labelled = {sentence_id(doc): doc for doc in self.settings.oracle(docs, here.path)}
        if labelled.keys() != set(ids):
            lost = [name for name in ids if name not in labelled]
            raise DeepALError(
                f"The oracle must give back the {len(ids)} sentences that it got, with their ids. "
                f"Missing: {', '.join(lost[:5]) or 'none'}; given back: {len(labelled)}."
            )
        self._check_labels(labelled.values())
        write_batch([labelled[name] for name in ids], here.batch)

    def _check_labels(self, docs: Iterable[Doc]) -> None:
        """RAISES (DeepALError): For an entity type that the tagger was not initialised with."""
        known = find_tagger(load_model(self.folder.initial)).labels
        for doc in docs:
            for ent in doc.ents:
                if ent.label_ not in known:
                    raise DeepALError(
                        f"{ent.text!r} in {doc.text[:80]!r} is labelled {ent.label_}, and the "
                        f"run's labels are {', '.join(known)}. Correct the label; or begin a new "
                        "run with all labels in [initialize.components.NAME.labels]."
                    )

    def _labelled(self, number: int) -> list[Doc]:
        """RETURNS (list[Doc]): All labelled up to and with this round, as it is corrected now."""
        rounds = [self.folder.round(n) for n in range(number + 1)]
        for each in rounds:
            if corrected(each.path, each.batch):
                self._label(each)
        return [doc for each in rounds for doc in each.read_batch(self.vocab)]

    def _train(self, number: int, here: RoundFolder, labelled: list[Doc]) -> None:
        warm = number > 0 and self.settings.warm_start
        with timed(here, "train"):
            best = train_round(
                self.config,
                self.settings,
                start=self._start(number) if warm else self.folder.initial,
                docs=labelled,
                here=here,
                number=number,
                use_gpu=self.use_gpu,
            )
        replace_folder(best, here.model)

    def _evaluate(
        self, number: int, here: RoundFolder, how: str, labelled: list[Doc]
    ) -> dict[str, Any]:
        """RETURNS (dict): The round's line of metrics."""
        nlp = load_model(here.model)
        with timed(here, "evaluate"):
            scores = evaluate(nlp, self.paths["test"])
            stability = self._stability(number, here, nlp)
        words = sum(count_words(doc) for doc in labelled)
        return {
            "round": number,
            "selection": how,
            "words": words,
            "words_percent": 100 * words / self.pool_words,
            "sentences": len(labelled),
            **scores,
            "dev_ents_f": nlp.meta["performance"]["ents_f"],
            "stability": stability,
            "genres": count_genres(here.read_batch(self.vocab)),
            "seconds": here.seconds,
        }

    def _stability(self, number: int, here: RoundFolder, nlp: Language) -> float | None:
        """RETURNS (float | None): As `compare`, of this round's model with the last one's."""
        stop_set = draw_stop_set(read_shards(self.paths["pool"], nlp.vocab), self.settings.seed)
        before = self.folder.round(number - 1).entities if number else None
        return compare(nlp, stop_set, here.entities, before)

    def _start(self, number: int) -> Path:
        """RETURNS (Path): The pipeline with which a round begins."""
        return self.folder.round(number - 1).model if number else self.folder.initial

    def _budget(self, number: int) -> int:
        """RETURNS (int): Most words of a round's batch."""
        settings = self.settings
        return words_of(settings.budget_words if number else settings.seed_words, self.pool_words)

    def _selected_ids(self, rounds: int) -> set[str]:
        """RETURNS (set[str]): What the first rounds selected."""
        files = [self.folder.round(number).selected for number in range(rounds)]
        return {item["id"] for file in files for item in read_jsonl(file)}


@contextmanager
def timed(here: RoundFolder, step: str) -> Iterator[None]:
    """Keep how many seconds a step took. What it made takes its place afterwards: so a step that is
    done has its time, whenever the process is killed."""
    start = perf_counter()
    yield
    here.add_seconds(step, perf_counter() - start)
