"""The run that people label: its config, types, dev and test as the journal has them today."""

from pathlib import Path

from spacy.tokens import Doc
from spacy.util import load_model
from thinc.api import Config

from ..acquisition.upstream import find_tagger
from ..annotation.answers import Answer, Part
from ..budgets import words_of
from ..corpus.docbin import write_docs
from ..pipelines import blank_pipeline, save_pipeline
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..rounds.baseline import note_baseline
from ..rounds.config_file import load_run_config
from ..rounds.manifest import describe_gold, make_manifest
from ..rounds.other_pipeline import OtherPipeline
from ..rounds.rows import Manifest
from ..rounds.run_folder import RoundFolder, RunFolder
from ..rounds.settings import (
    Settings,
    read_annotation_settings,
    read_settings,
)
from .journal_oracle import annotate
from .labelling_folder import MEASURED, LabellingFolder


class LabelledRun:
    """An ordinary run, seen from the labelling. path (Path): Its folder."""

    def __init__(self, path: Path):
        self.labelling, self.folder = LabellingFolder(path), RunFolder(path)
        self.job = self.labelling.read_job()
        self.annotations = self.labelling.annotations
        self.pool_words = 0
        self._reserved: dict[Part, int] = {}  # words
        self._manifest: Manifest | None = None
        self._grown: tuple[str, ...] = ()
        self._baseline_of: tuple | None = None  # types and answers

    @property
    def config(self) -> Config:
        """The config of the run with today's paths and types."""
        config = load_run_config(self.labelling.config_file, {})
        paths = config["paths"]
        paths["pool"] = str(self.labelling.pool)
        for part in MEASURED:
            paths[part] = str(self.labelling.gold(part, self.job))
        if not paths.get("vectors") and self.labelling.vectors.exists():
            paths["vectors"] = str(self.labelling.vectors)
        components = config["initialize"].setdefault("components", {})
        for name, component in config["components"].items():
            if component.get("factory") == "deepal_ner":
                components.setdefault(name, {})["labels"] = list(self.annotations.labels)
        return config

    @property
    def settings(self) -> Settings:
        return read_settings(self.config.interpolate())

    @property
    def other(self) -> OtherPipeline | None:
        """Another pipeline that suggests, until the run's model is better on dev.

        RAISES (DeepALError): It cannot be loaded, or its types do not fit those of the run.
        """
        if (other := read_annotation_settings(self.config.interpolate()).suggest) is not None:
            other.check(self.annotations.labels)
        return other

    @property
    def seed(self) -> int:
        """The run's seed. It is known before the paths are."""
        return load_run_config(self.labelling.config_file, {}).interpolate()["active_learning"][
            "seed"
        ]

    @property
    def budget(self) -> int:
        """The words that the next round waits for."""
        settings = self.settings
        share = settings.budget_words if self.folder.metrics else settings.seed_words
        return words_of(share, self.pool_words)

    def count_pool(self) -> None:
        """Count the words of the pool, for a budget that is a share of them, and the words from
        which people label dev and test."""
        self.pool_words = Pool(self.labelling.pool).words
        for part in MEASURED:
            if (reserve := self.labelling.reserve(part)).exists():
                self._reserved[part] = Pool(reserve).words

    def target(self, part: Part) -> int:
        """RETURNS (int): The words that people are to label for dev or test: what was asked for, or
        all that there is."""
        if getattr(self.job, part):
            return 0
        asked = getattr(self.job, f"{part}_words")
        return min(asked, self._reserved.get(part, asked))

    def selected(self) -> dict[str, int]:
        """RETURNS (dict[str, int]): The words of each sentence that a round has selected."""
        return {
            item.id: item.words for each in self.folder.rounds() for item in each.selected.read()
        }

    def waiting(self) -> list[Answer]:
        """RETURNS (list[Answer]): The answers to sentences that no round has selected, without
        ignored ones: nothing is learnt from these."""
        selected = self.selected()
        return [a for a in self.annotations.accepted("train") if a.id not in selected]

    def open_round(self) -> RoundFolder | None:
        """RETURNS (RoundFolder | None): A round that was interrupted."""
        number = len(self.folder.metrics)
        here = next((each for each in self.folder.rounds() if each.number == number), None)
        return here if here is not None and here.selected.path.exists() else None

    @property
    def last_model(self) -> Path:
        """The pipeline of the last finished round."""
        return self.folder.round(len(self.folder.metrics) - 1).model

    # Dev and test.

    def can_measure(self) -> bool:
        """RETURNS (bool): Whether dev and test have a labelled sentence each."""
        asked = {"dev": True, "test": bool(self.job.test_words)}
        return all(
            getattr(self.job, part) or not asked[part] or self.annotations.accepted(part)
            for part in MEASURED
        )

    def gold_version(self) -> tuple:
        """RETURNS (tuple): It changes when an answer for dev does, when a type is added, and when
        there is a new model."""
        keys = tuple(answer.key for answer in self.annotations.accepted("dev"))
        return len(self.folder.metrics), tuple(self.annotations.labels), keys

    def note_baseline(self) -> None:
        """Measure the other pipeline, if there is one, on what people have labelled so far. Each
        answer and each type makes that anew; a new model does not."""
        paths = [str(self.labelling.gold(part, self.job)) for part in MEASURED]
        keys = tuple(answer.key for part in MEASURED for answer in self.annotations.accepted(part))
        now = tuple(self.annotations.labels), keys
        note_baseline(self.folder, self.other, *paths, anew=now != self._baseline_of)
        self._baseline_of = now

    def write_gold(self) -> None:
        """Write what people have labelled for dev and test, and note in the manifest what they are
        now."""
        for part in MEASURED:
            if self.annotations.accepted(part):
                write_docs(self.sentences(part), self.labelling.path / f"{part}.spacy")
        self.folder.grow(self._describe())

    def sentences(self, part: Part) -> list[Doc]:
        """RETURNS (list[Doc]): The sentences of a part that people have labelled, as they have."""
        answers = self.annotations.accepted(part)
        if not answers:
            return []
        vocab, ids = blank_pipeline(self.job.lang).vocab, [answer.id for answer in answers]
        pool = self.labelling.pool if part == "train" else self.labelling.reserve(part)
        docs = fetch(Pool(pool), ids, vocab, with_gold=False)
        for doc, answer in zip(docs, answers, strict=True):
            annotate(doc, answer, self.annotations)
        return docs

    def _describe(self) -> Manifest:
        """RETURNS (Manifest): What the run is now. The pool, which takes long to read, stays."""
        config = self.config.interpolate()
        if self._manifest is None:
            pool = Pool(self.labelling.pool)
            code = Path(self.job.code) if self.job.code else None
            self._manifest = make_manifest(config, self.settings, pool, code)
        gold = {str(part): describe_gold(config["paths"][part], self.job.lang) for part in MEASURED}
        return self._manifest.model_copy(update={"config": config.to_str(), **gold})

    # Types.

    def grow_labels(self) -> None:
        """Add new types to the pipelines from which later rounds start. They find what they did."""
        labels = tuple(self.annotations.labels)
        if labels == self._grown or not self.folder.initial.exists():
            return
        folders = [self.folder.initial, *([self.last_model] if self.folder.metrics else [])]
        for folder in folders:
            nlp = load_model(folder)
            if new := [label for label in labels if label not in find_tagger(nlp).labels]:
                for label in new:
                    find_tagger(nlp).add_label(label)
                save_pipeline(nlp, folder)
        self._grown = labels
