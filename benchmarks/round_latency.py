"""How long does a person wait from the last label of a round to the next batch?

    python benchmarks/round_latency.py --data DIR --pool 100000 --labelled 10000

The loop itself runs on labelled data. Its oracle notes when it has labelled the first batch, and
when it is asked for the second. The time between is split as the run recorded it: training,
evaluation on test, scoring of what is left of the pool, selection, and all else. Counted across
these steps is the time in which sentences were encoded ("encode"), pipelines were written
("write"), and pipelines and sentences of the pool were read ("read").

Beside it, spaCy's `ner` does the same work: it trains on the same sentences with the same batches,
evaluates as often on dev and once on test, and predicts what is left of the pool. The times of one
process are on one machine under the same load; compare them as ratios. With --encoder, the first
run encodes the sentences; run it twice to time the rounds that come later.
"""

import io
import itertools
import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from corpora import make_corpus, take
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import registry
from systems import CONFIGS, ner_config
from thinc.api import Config
from timing import JsonFile, rounded, write_figures

from spacy_deepal.pool.pool import Shard
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.oracle import Oracle
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import count_words, sentence_id
from spacy_deepal.vectors.pretrained import PretrainedEncoder

BATCH = 1000  # words of the next batch
DEV_WORDS = 16_000


def main(
    data: Annotated[Path, typer.Option(help="A folder that `spacy deepal prepare` takes")],
    pool: Annotated[list[int], typer.Option(help="Words of the pool; may be repeated")],
    labelled: Annotated[list[int], typer.Option(help="Words labelled; may be repeated")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    acquisition: Annotated[str, typer.Option(help="Acquisition function")] = "MNLP",
    vectors: Annotated[Path | None, typer.Option(help="Of `spacy deepal vectors`")] = None,
    encoder: Annotated[Path | None, typer.Option(help="A pretrained encoder")] = None,
    threads: Annotated[int, typer.Option(help="Threads of torch")] = 2,
    peer: Annotated[bool, typer.Option("--peer/--no-peer", help="Also time `ner`")] = True,
    json_file: JsonFile = None,
) -> None:
    """Measure each pool with each labelled set, and print the seconds of each step."""
    torch.set_num_threads(threads)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(data, Path(folder), lang, 1.0, 0, DEV_WORDS)
        vocab = spacy.blank(lang).vocab
        docs = list(read_shards(Path(folder) / "pools" / "train", vocab))
        for number, (words, known) in enumerate(itertools.product(pool, labelled)):
            if known >= words:
                continue
            here = Path(folder) / str(number)
            write_shards(take(docs, words, 0), here / "pool")
            config = run_config(corpus, here / "pool", known, acquisition, lang, vectors, encoder)
            head = {"pool": words, "labelled": known, "threads": threads}
            ours = {"system": "deepal_ner", "acquisition": acquisition, "encoder": bool(encoder)}
            figures.append(head | ours | time_round(config, here / "run"))
            print(json.dumps(figures[-1]), flush=True)
            if peer:
                figures.append(head | {"system": "ner", **time_ner(config, here, corpus, lang)})
                print(json.dumps(figures[-1]), flush=True)
    write_figures(json_file, {"data": data.resolve().name, "figures": figures})


def run_config(
    corpus: Path,
    pool: Path,
    labelled: int,
    acquisition: str,
    lang: str,
    vectors: Path | None,
    encoder: Path | None,
) -> Config:
    """RETURNS (Config): A run whose seed set has this many words. It trains as configs/al.cfg has
    it."""
    overrides: dict[str, Any] = {
        "nlp.lang": lang,
        "paths.pool": str(pool),
        "paths.dev": str(corpus / "dev.spacy"),
        "paths.test": str(corpus / "test.spacy"),
        "paths.vectors": vectors and str(vectors),
        "paths.encoder": encoder and str(encoder),
        "active_learning.seed_words": labelled,
        "active_learning.budget_words": BATCH,
        "active_learning.cold_start": 0.0,
        "active_learning.acquisition.@acquisition": f"spacy_deepal.{acquisition}.v1",
        "active_learning.oracle.@misc": "round_latency.Clock.v1",
    }
    return load_run_config(CONFIGS / "al.cfg", overrides)


class Asked(Exception):
    """The oracle is asked for the second batch, so the round is over."""


class Clock(Oracle):
    """Labels the seed set from gold and notes the time; ends the run at the next batch."""

    labelled = 0.0  # when the last label was given

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """RETURNS (Iterable[Doc]): The sentences. RAISES (Asked): In the second round."""
        if folder.name != "round_00":
            raise Asked
        Clock.labelled = time.perf_counter()
        return docs


registry.misc("round_latency.Clock.v1", func=Clock)
ACROSS = (  # what is counted across the steps of a round
    (PretrainedEncoder, "encode", "encode"),
    (Language, "to_disk", "write"),
    (Language, "from_disk", "read"),
    (Shard, "read", "read"),
)


def time_round(config: Config, run_dir: Path) -> dict[str, float]:
    """RETURNS (dict): Seconds from the last label to the next batch: all of them, those of each
    step, and those that are counted across the steps."""
    across = dict.fromkeys((what for *_, what in ACROSS), 0.0)
    Clock.labelled = 0.0
    with ExitStack() as stack:
        for owner, name, what in ACROSS:
            stack.enter_context(counted(owner, name, across, what))
        try:
            run_loop(config, run_dir)
        except Asked:
            total = time.perf_counter() - Clock.labelled
    folder = RunFolder(run_dir)
    before, after = folder.round(0).seconds, folder.round(1).seconds
    steps = {"train": before.train, "evaluate": before.evaluate}
    steps |= {"score": after.score, "select": after.select}
    return rounded({"total": total, **steps, "rest": total - sum(steps.values()), **across})


@contextmanager
def counted(owner: type, name: str, seconds: dict[str, float], what: str) -> Iterator[None]:
    """Within the context, add to `seconds[what]` how long the calls of a method take that begin
    after the last label. What a generator yields is made at once."""
    method = getattr(owner, name)

    def timed_method(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        result = method(*args, **kwargs)
        if isinstance(result, Iterator):
            result = iter(list(result))
        if Clock.labelled:
            seconds[what] += time.perf_counter() - start
        return result

    setattr(owner, name, timed_method)
    try:
        yield
    finally:
        setattr(owner, name, method)


def time_ner(config: Config, here: Path, corpus: Path, lang: str) -> dict[str, float]:
    """RETURNS (dict): Seconds in which `ner` trains on what the run labelled, evaluates, and
    predicts what is left of the pool.

    here (Path): Has the pool and the run that was timed.
    """
    settings = config.interpolate()
    peer = ner_config(lang)
    peer["training"]["batcher"] = settings["training"]["batcher"]
    first = RunFolder(here / "run").round(0)
    log = map(str.split, first.log.read_text(encoding="utf8").splitlines())
    steps = [int(cells[1]) for cells in log if cells and cells[0].isdigit()]
    peer["training"] |= {"max_steps": steps[-1], "max_epochs": 0, "patience": 0}
    peer["training"]["eval_frequency"] = steps[1]
    (here / "ner").mkdir()
    start = time.perf_counter()
    peer["paths"] |= {"train": str(first.batch), "dev": str(corpus / "dev.spacy")}
    train(init_nlp(peer), here / "ner", stdout=io.StringIO(), stderr=io.StringIO())
    trained = time.perf_counter()
    nlp = spacy.load(here / "ner" / "model-best")
    nlp.evaluate(list(Corpus(corpus / "test.spacy", gold_preproc=True)(nlp)))
    evaluated = time.perf_counter()
    known = {sentence_id(doc) for doc in read_shards(first.batch, nlp.vocab)}
    docs = read_shards(here / "pool", nlp.vocab)
    left = (
        Doc(nlp.vocab, [word.text for word in doc]) for doc in docs if sentence_id(doc) not in known
    )
    words = sum(count_words(doc) for doc in nlp.pipe(left, batch_size=2048))
    predicted = time.perf_counter()
    assert words
    seconds = {"train": trained - start, "evaluate": evaluated - trained}
    seconds["score"] = predicted - evaluated
    return rounded({"total": predicted - start, **seconds})


if __name__ == "__main__":
    typer.run(main)
