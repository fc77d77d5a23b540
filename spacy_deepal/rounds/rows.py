"""The rows of a run folder's files."""

from typing import Annotated, Any

from pydantic import Field

from ..budgets import WHAT_IS_LABELLED
from ..files import Row
from ..pool.index import GenreCount

RUN_FORMAT = 1

# First token, the token after the last, label. JSON has lists, not tuples.
Entity = Annotated[tuple[int, int, str], Field(strict=False)]


class DataFile(Row):
    """Data of a run: where it lies, and the hash of its bytes."""

    path: str
    fingerprint: str


class PoolSummary(DataFile):
    """The pool of a run.

    shards (dict): The fingerprint of each shard by its name.
    genres (dict): By name, with "-" for sentences that have none.
    """

    shards: dict[str, str]
    sentences: int
    words: int
    genres: dict[str, GenreCount]


class Manifest(Row):
    """What a run is: manifest.json. It is fixed at the start of the run, but for what may change
    while it continues; of that, it has what holds now.

    acquisition (str), arguments (dict): The registered function and its arguments.
    config (str): The config, interpolated, as text.
    vectors (str): The hash of the folder of word vectors; empty if no folder is named.
    code (str): The hash of the user's own code; empty if there is none.
    versions (dict): The version of each package that matters, and of Python.
    threads (int): The threads of torch when the run began. Other numbers give other last bits.
    started (str): Time in UTC, ISO 8601.
    added (list[str]): The shards that the pool has got since then.
    labelled_types (list[str] | None): If the seed set is what was labelled before the run began,
        the types that occur in it. None: the seed set was drawn.
    """

    format: int
    acquisition: str
    arguments: dict[str, Any]
    seed: int
    lang: str
    pool: PoolSummary
    dev: DataFile
    test: DataFile
    config: str
    vectors: str
    code: str
    versions: dict[str, str]
    threads: int
    started: str
    added: list[str] = Field(default_factory=list)
    labelled_types: list[str] | None = None


class TypeScores(Row):
    """Precision, recall and F1 of one entity type, from 0 to 1."""

    p: float
    r: float
    f: float


class ConfidenceBin(Row):
    """The entities that a model found with a like confidence.

    confidence (float): The mean of their confidence, from 0 to 1.
    right (float): The share of them that is right.
    """

    entities: int
    confidence: float
    right: float


class Reliability(Row):
    """How far the confidence of entities can be believed.

    bins (list[ConfidenceBin]): By confidence; without empty ones.
    error (float): The expected calibration error, from 0 to 1: how far the share that is right is
        from the confidence, in the mean over the entities (Guo et al. 2017, section 2).
    """

    bins: list[ConfidenceBin]
    error: float


class Calibration(Row):
    """The confidence of the entities that a model finds in the test set.

    temperature (float): Fitted on dev.
    before, after (Reliability): With a temperature of 1, and with this one.
    """

    temperature: float
    before: Reliability
    after: Reliability


class Seconds(Row):
    """How long each step of a round took; 0 while it is not done."""

    score: float = 0.0
    select: float = 0.0
    train: float = 0.0
    evaluate: float = 0.0


class Metrics(Row):
    """How good a model is, from 0 to 1, and how long it took to make.

    ents_p, ents_r, ents_f (float), ents_per_type (dict): Scores on the test set, with its tokens.
    raw_ents_f (float | None): F1 on its raw text, with the pipeline's tokens; None if the data do
        not have their text.
    dev_ents_f (float), dev_ents_per_type (dict): Scores on dev.
    calibration (Calibration | None): How far confidence can be believed; None if nothing was found.
    """

    ents_p: float
    ents_r: float
    ents_f: float
    ents_per_type: dict[str, TypeScores]
    raw_ents_f: float | None = None
    dev_ents_f: float
    dev_ents_per_type: dict[str, TypeScores] = Field(default_factory=dict)
    calibration: Calibration | None = None
    seconds: Seconds

    def describe(self) -> str:
        """RETURNS (str): The metrics in a line for people."""
        raw = "" if self.raw_ents_f is None else f"  raw text F {100 * self.raw_ents_f:5.1f}"
        return f"dev F {100 * self.dev_ents_f:5.1f}  test F {100 * self.ents_f:5.1f}{raw}"


class RoundMetrics(Metrics):
    """What a finished round recorded: a line of metrics.jsonl.

    selection (str): How the batch was selected: as the "seed" set, at "random", by the scores of
        the "acquisition" function, or because it was "labelled" before the run began.
    words, sentences (int): The size of the labelled set: the sentences that `is_looked_at`.
    words_percent (float): Its words in percent of the pool's.
    stability (float | None): How far the model agrees with that of the round before; None in the
        first round.
    genres (dict): What the round's own batch holds, by genre.
    """

    round: int
    selection: str
    words: int
    words_percent: float
    sentences: int
    stability: float | None = None
    genres: dict[str, GenreCount]

    def describe(self) -> str:
        how = "labelled before" if self.selection == WHAT_IS_LABELLED else f"by {self.selection}"
        return (
            f"round {self.round:>3}  {self.words:>8} words {self.words_percent:>5.1f}%  "
            f"{super().describe()}  {how}  "
            f"({self.seconds.score:.0f}s score, {self.seconds.train:.0f}s train)"
        )


class Baseline(Row):
    """Another pipeline, without any label of the run: baseline.json.

    name (str): For people.
    pipeline (str), types (dict): As `OtherPipeline` has them.
    ents_p, ents_r, ents_f (float): Scores on the test set, from 0 to 1.
    dev_ents_f (float): F1 on dev.
    """

    name: str
    pipeline: str
    types: dict[str, str]
    ents_p: float
    ents_r: float
    ents_f: float
    dev_ents_f: float


class Selected(Row):
    """A sentence that a round selected: a line of selected.jsonl.

    score (float | None): Higher means label sooner; None if it was chosen at random.
    """

    id: str
    words: int
    score: float | None


class FoundEntities(Row):
    """What a round's model found in a sentence of the stop set: a line of entities.jsonl.

    entities (list): Of each entity its first token, the token after its last, and its label.
    """

    id: str
    entities: list[Entity]
