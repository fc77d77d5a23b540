"""A run of active learning from its beginning to its end: rounds as an iterator."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from spacy.language import Language
from thinc.api import Config

from ..acquisition.upstream import find_tagger
from ..arguments import takes_types
from ..budgets import WHAT_IS_LABELLED
from ..errors import DeepALError
from ..files import check_output
from ..pipelines import load_pipeline, save_pipeline
from ..pool.pool import Pool
from ..urls import local_path
from .baseline import note_baseline
from .checks import check_initialized, describe_shared
from .config_file import load_run_config
from .loop import Loop
from .manifest import DATA, make_manifest
from .oracle import Oracle
from .round_logger import RoundLogger
from .rows import RoundMetrics
from .run_folder import RunFolder
from .seed_set import check_partly_labelled, labels_beside
from .settings import read_annotation_settings, read_settings
from .training import Training

OnRound = Callable[[RoundMetrics], None]


class Run:
    """A run of active learning in a folder. Each iteration does a round and yields its metrics. A
    loop that was broken off, or killed, goes on with the round in which it stopped.

    config (Config): A training config with an [active_learning] section, not interpolated.
    folder (RunFolder): All that is known of the run.
    end (str): Why there is no further round; empty before that.
    """

    @takes_types
    def __init__(
        self,
        config: Config | str | Path,
        folder: str | Path,
        overrides: dict[str, Any] | None = None,
        *,
        keep: Literal["last", "all"] = "last",
        use_gpu: int = -1,
        code: str | Path | None = None,
        accept_code: bool = False,
        compare_texts: bool = True,
        tell: Callable[[str], None] = print,
    ):
        """config (Config | str | Path): The config, or its file.

        overrides (dict | None): Values by dotted key, as `spacy train` takes them.
        keep (str): Which rounds' models stay on disk: "last" or "all".
        use_gpu (int): GPU id. With -1, the CPU.
        code (str | Path | None): A Python file that worker processes import first. A run that began
            with one does not continue with another one.
        accept_code (bool): Whether it does, because no result depends on what has changed there.
        compare_texts (bool): When the run begins, find the sentences of the pool whose text is in
            dev or test too.
        tell (Callable): Called with a sentence for each damaged file that is made again, for
            shards that were added to the pool, and for such texts.
        RAISES (DeepALError): The config cannot be used.
        """
        if not isinstance(config, Config):
            config = load_run_config(config, overrides or {})
        elif overrides:
            config = Config().from_str(config.to_str(), overrides=overrides, interpolate=False)
        self.config, self.folder, self.end = config, RunFolder(local_path(folder)), ""
        self._resolved = config.interpolate()
        self._settings = read_settings(self._resolved)
        self._other = read_annotation_settings(self._resolved).suggest
        self._training = Training(
            config, self._settings, use_gpu, None if code is None else Path(code)
        )
        self._keep, self._accept_code, self._tell = keep, accept_code, tell
        self._compare_texts = compare_texts

    @property
    def metrics(self) -> list[RoundMetrics]:
        """What is known of each finished round."""
        return self.folder.metrics

    @property
    def oracle(self) -> Oracle:
        """Who labels, as the config says."""
        return self._settings.oracle

    def finish(self, on_round: OnRound = lambda line: None) -> str:
        """Do all rounds that are left.

        on_round (Callable): Called with the metrics of each round when it is finished.
        RETURNS (str): Why the run ended.
        """
        for line in self:
            on_round(line)
        return self.end

    def load_model(self) -> Language:
        """RETURNS (Language): The pipeline of the last finished round."""
        if not self.metrics:
            raise DeepALError(f"{self.folder.path} has no finished round yet.")
        return load_pipeline(self.folder.round(self.metrics[-1].round).model)

    def __iter__(self) -> Iterator[RoundMetrics]:
        """YIELDS (RoundMetrics): Of each round when it is finished.

        RAISES (DeepALError): The folder holds another run, is in use, or lies in the data of the
            run; or data cannot be read.
        """
        read = map(self._resolved["paths"].get, (*DATA, "vectors", "encoder"))
        check_output(self.folder.path, *read, around=True)
        with self.folder.lock():
            loop = self._begin()
            with closing(RoundLogger(self._settings.logger, self.folder)) as logger:
                while not (end := loop.end()):
                    line = loop.next_round()
                    self.folder.add_metrics(line)
                    logger.log(line)
                    self.folder.tidy(self._keep)
                    yield line
            self.end = end

    def _begin(self) -> Loop:
        """Begin the run, or repair what is there of it."""
        folder, paths = self.folder, self._resolved["paths"]
        pool = Pool(paths["pool"], folder.index, self._tell)
        manifest = make_manifest(self._resolved, self._settings, pool, self._training.code)
        if folder.has_begun:
            folder.open(manifest, self._accept_code)
        else:  # nothing is written before all that is needed has been found
            self._settings.oracle.check(pool.docs())
            nlp = self._training.initialize(folder.index)
            check_initialized(nlp)
            self._check_seed_set(pool, nlp)
            read = (paths["pool"], paths["dev"], paths["test"])
            if self._compare_texts and (shared := describe_shared(*read)):
                self._tell(shared)
            folder.open(manifest)
            save_pipeline(nlp, folder.initial)
        loop = Loop(self._training, folder, pool)
        folder.tidy(self._keep)
        loop.repair(self._tell)
        note_baseline(folder, self._other, paths["dev"], paths["test"])
        return loop

    def _check_seed_set(self, pool: Pool, nlp: Language) -> None:
        """Check what is labelled in a pool, if the run begins with it; else tell people who label
        that there is something."""
        if self._settings.seed_words == WHAT_IS_LABELLED:
            self._tell(check_partly_labelled(pool, find_tagger(nlp).labels))
        elif self._settings.oracle.asks_people and (beside := labels_beside(pool)):
            self._tell(beside)


def run_loop(
    config: Config, run_dir: str | Path, *, on_round: OnRound = lambda line: None, **options: Any
) -> str:
    """Do all rounds of a `Run`.

    on_round (Callable): Called with the metrics of each round when it is finished.
    options: As for `Run`.
    RETURNS (str): Why the run ended.
    """
    return Run(config, run_dir, **options).finish(on_round)
