"""Scores on disk, or at a URL: a folder with one sealed file for each shard of a pool.

SHARD.json        the scores of a shard, whole, with all that they depend on
scores.finished   is there when all shards are scored
shards.index      the index of shards that the pool's own index does not have
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import NamedTuple

from pydantic import model_validator

from ..about import __version__
from ..errors import DeepALError, plural
from ..files import Row, check_replaceable, parse_row
from ..pool.pool import Pool, Shard
from ..pool.shards import find_shards
from ..sealed import read_sealed, read_sealed_json, write_sealed, write_sealed_json
from ..urls import as_path, is_file, is_folder, list_files, read_each, remove
from .functions import Score, finite_score

SCORE_AGAIN = "Score the pool again: `spacy deepal score`."
SCORE_ON = "Give the `spacy deepal score` command again: it goes on where it stopped."


class Scoring(Row):
    """How scores are made. Two shards with the same content and scoring have the same scores.

    acquisition (str): The function and its arguments, as the user named them.
    model (str): The hash of the pipeline's files; empty if the function does not need it.
    code (str): The hash of the user's own code; empty if there is none.
    budget (int | None): The budget that decides which scores are only estimates; None: all are
        exact.
    seed (int): The seed of random numbers and MC dropout.
    version (str): The version of this package.
    """

    acquisition: str
    model: str = ""
    code: str = ""
    budget: int | None = None
    seed: int = 0
    version: str = __version__


class ShardScores(Row):
    """The scores of one shard: what its file holds.

    shard (str), fingerprint (str): The shard, and the hash of its bytes.
    excluded (str): The hash of the ids of the sentences that were left out; empty if none were.
    """

    shard: str
    fingerprint: str
    excluded: str
    scoring: Scoring
    ids: list[str]
    words: list[int]
    scores: list[float]

    @model_validator(mode="after")
    def _check(self) -> "ShardScores":
        if not len({*self.ids}) == len(self.ids) == len(self.words) == len(self.scores):
            raise ValueError("each sentence must have an id of its own, its words and its score")
        return self


class Finished(Row):
    """That all shards are scored, and how: scores.finished.

    fits (bool): These are the first scores of a `PoolFunction`.
    """

    scoring: Scoring
    shards: int
    sentences: int
    fits: bool


class ShardTask(NamedTuple):
    """A shard to score, and the ids of its sentences that are left out."""

    shard: Shard
    excluded: frozenset[str]


class ScoreFolder:
    """The scores of a pool. path (Path): The folder. index (Path): The index `beside` the pool.

    The files of a local folder are there whole or not at all. Those at a URL are `uploaded`. Where
    that can break off half-way, the seal tells, and the shard is scored again.
    """

    def __init__(self, path: str | Path):
        self.path = as_path(path)
        self.index = self.path / "shards.index"
        self._finished = self.path / "scores.finished"

    def begin(self, pool: Pool) -> None:
        """Make sure that the pool can be scored here. From here on the folder is not finished.

        RAISES (DeepALError): The folder holds other things than scores of this pool.
        """
        self._check(pool.path, (shard.name for shard in pool.shards))
        remove(self._finished)

    def open_pool(self, path: str | Path, tell: Callable[[str], None]) -> Pool:
        """RETURNS (Pool): The pool to score here. The shards that its own index does not have are
        indexed here. tell (Callable): As for `Pool`.

        RAISES (DeepALError): As `Pool`; or the folder holds other things than scores of this pool.
            Then nothing is written into it.
        """
        found = find_shards(path)
        self._check(path, found.sizes)
        return Pool(path, self.index, tell, found)

    def _check(self, pool: str | Path, shards: Iterable[str]) -> None:
        known = {_name(shard).partition("/")[0] for shard in shards}
        known |= {self.index.name, self._finished.name}

        def is_ours(path: Path) -> bool:
            return path.name in known or path.name.startswith(".")  # a draft of a killed process

        check_replaceable(self.path, is_ours, f"scores of the pool {pool}")

    def file(self, shard: str) -> Path:
        """RETURNS (Path): The file with the scores of a shard."""
        return self.path / _name(shard)

    def write(self, task: ShardTask, scores: Iterable[Score], scoring: Scoring) -> int:
        """Write the scores of a shard, whole or not at all. RETURNS (int): How many there are."""
        scores = list(scores)
        row = ShardScores(
            shard=task.shard.name,
            fingerprint=task.shard.fingerprint,
            excluded=_hash_ids(task.excluded),
            scoring=scoring,
            ids=[item.id for item in scores],
            words=[item.words for item in scores],
            scores=[item.score for item in scores],
        )
        write_sealed(self.file(task.shard.name), [row])
        return len(scores)

    def count_current(
        self, tasks: Iterable[ShardTask], scoring: Scoring
    ) -> Iterator[tuple[ShardTask, int | None]]:
        """YIELDS (tuple[ShardTask, int | None]): Each shard, and how many sentences its scores
        have; None if there are no scores, or they do not fit the shard and the scoring any more."""
        there = list_files(self.path, ".json")
        tasks, same = tee(tasks)
        names = (task.shard.name for task in same)
        files = (self.file(name) if _name(name) in there else None for name in names)
        for task, content in zip(tasks, read_each(files), strict=True):
            yield task, self._count(task, content, scoring)

    def _count(self, task: ShardTask, content: bytes | None, scoring: Scoring) -> int | None:
        try:
            found = self._parse(task.shard.name, content)
        except DeepALError:
            return None
        made_of = found.fingerprint, found.excluded, found.scoring
        wanted = task.shard.fingerprint, _hash_ids(task.excluded), scoring
        return len(found.ids) if made_of == wanted else None

    def finish(self, pool: Pool, scoring: Scoring, sentences: int, *, fits: bool = False) -> None:
        """Note that all shards of a pool are scored. fits (bool): As in `Finished`."""
        shards = len(pool.shards)
        row = Finished(scoring=scoring, shards=shards, sentences=sentences, fits=fits)
        write_sealed_json(self._finished, row)

    def fill(self, pool: Pool, scores: Iterable[Score], scoring: Scoring) -> int:
        """Write scores of your own making. RETURNS (int): How many there are.

        scores (Iterable[Score]): Of any sentences of the pool, in any order. The others are left
            out.
        RAISES (DeepALError): As `begin`; or a sentence is not in the pool, has two scores, or one
            that is not a finite number. The scores that are there stay then.
        """
        by_id: dict[str, Score] = {}
        for item in scores:
            if item.id in by_id:
                raise DeepALError(f"Sentence {item.id} is scored twice.")
            score = finite_score(item.score, item.id)
            by_id[item.id] = Score(item.id, int(item.words), score)
        unknown = dict.fromkeys(by_id)
        for index in pool.index():
            for name in index.ids:
                unknown.pop(name, None)
        if unknown:
            raise DeepALError(
                f"Sentences that are scored and not in the pool {pool.path}: {len(unknown):,} "
                f"(the first: {next(iter(unknown))}). The scores belong to another pool."
            )
        self.begin(pool)
        sentences = 0
        for shard, index in zip(pool.shards, pool.index(), strict=True):
            found = [by_id[name] for name in index.ids if name in by_id]
            sentences += self.write(ShardTask(shard, frozenset()), found, scoring)
        self.finish(pool, scoring, sentences)
        return sentences

    def read_files(self, shards: Iterable[str]) -> Iterator[ShardScores]:
        """YIELDS (ShardScores): The scores of each shard.

        RAISES (DeepALError): There are none, or the file is damaged.
        """
        shards, same = tee(shards)
        return map(self._parse, shards, read_each(map(self.file, same)))

    def _parse(self, shard: str, content: bytes | None) -> ShardScores:
        if content is None:
            raise DeepALError(f"{self.path} has no scores of the shard {shard}. {SCORE_ON}")
        file = self.file(shard)
        sealed = read_sealed(file, SCORE_ON, content)
        rows = [parse_row(ShardScores, value, at, SCORE_AGAIN) for at, value in sealed]
        if len(rows) != 1:
            raise DeepALError(f"{file} must have one line of scores, not {len(rows)}. {SCORE_ON}")
        return rows[0]

    def check(self, pool: Pool) -> Finished:
        """RETURNS (Finished): How the pool was scored.

        RAISES (DeepALError): There are no scores, only some of the shards are scored, or they are
            scores of another pool.
        """
        names = list_files(self.path, ".json")
        there = [shard for shard in pool.shards if _name(shard.name) in names]
        if not there and not is_folder(self.path):
            raise DeepALError(f"There is no folder of scores {self.path}. {SCORE_AGAIN}")
        if not is_file(self._finished) or len(there) < len(pool.shards):
            raise DeepALError(
                f"{self.path} is not finished: it has scores of {len(there)} of the "
                f"{plural(len(pool.shards), 'shard')} of {pool.path}. {SCORE_ON}"
            )
        finished = self._read_finished()
        if finished.shards != len(pool.shards):
            raise DeepALError(
                f"{self.path} has scores of {plural(finished.shards, 'shard')}, and the pool "
                f"{pool.path} has {len(pool.shards)}. {SCORE_AGAIN}"
            )
        return finished

    def _read_finished(self) -> Finished:
        content = read_sealed_json(self._finished, SCORE_ON)
        return parse_row(Finished, content, str(self._finished), SCORE_ON)

    def read_all(self) -> Iterator[Score]:
        """YIELDS (Score): All scores, even if the pool has changed since.

        RAISES (DeepALError): They are not finished, or a file is lost or damaged.
        """
        finished = self._read_finished()
        names = sorted(list_files(self.path, ".json"))
        if len(names) != finished.shards:
            raise DeepALError(
                f"{self.path} has scores of {len(names)} of {plural(finished.shards, 'shard')}. "
                f"{SCORE_ON}"
            )
        for found in self.read_files(name.removesuffix(".json") for name in names):
            yield from map(Score, found.ids, found.words, found.scores)

    def read(self, pool: Pool) -> Iterator[Score]:
        """YIELDS (Score): The scores of all sentences of a pool, one shard in memory at a time.

        RAISES (DeepALError): As `check`; or a shard was scored when it had another content, or was
            scored in another way than the others.
        """
        finished = self.check(pool)
        names = (shard.name for shard in pool.shards)
        for shard, found in zip(pool.shards, self.read_files(names), strict=True):
            if (found.shard, found.fingerprint) != (shard.name, shard.fingerprint):
                raise DeepALError(
                    f"{self.file(shard.name)} has scores of another shard than {shard.path} as it "
                    f"is now. {SCORE_AGAIN}"
                )
            if found.scoring != finished.scoring:
                raise DeepALError(
                    f"{self.file(shard.name)} was made by another model, function or seed than "
                    f"{self._finished} says. {SCORE_AGAIN}"
                )
            yield from map(Score, found.ids, found.words, found.scores)


def _name(shard: str) -> str:
    """RETURNS (str): The name of the file with the scores of a shard, relative to the folder."""
    return f"{shard.removesuffix('.spacy')}.json"


def _hash_ids(ids: Collection[str]) -> str:
    return hashlib.sha256("\0".join(sorted(ids)).encode()).hexdigest() if ids else ""
