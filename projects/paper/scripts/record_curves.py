"""Learning curves as in Figure 4 of Shen et al. (2017): acquisition functions from the same seed
sets, beside models of all words.

    python benchmarks/curves.py configs/al.cfg assets/demo runs --active_learning.rounds 12

Appends a line a round to benchmarks/results/curves.jsonl, and one for each model of all words, the
config's ("full") and the CRF ("crf"). What is there is not run again (other data of the same name,
or another config, need another --output), and a run that was killed goes on: its folder is in
WORKSPACE/NAME, with the report. Lines are appended whole, so that commands for different data may
write to one file. benchmarks/curves_table.py sums them up.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import crf
import spacy
import typer
from curves_table import DIGITS, FULL, FUNCTIONS, RESULTS, SHALLOW
from records import append, check_made_of, made_of, matching
from thinc.api import Config
from wasabi import msg

from spacy_deepal.cli._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    DataPath,
    GpuId,
    Lang,
    Processes,
    load_config,
    set_up,
    show_errors,
)
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.jobs import Job, do_jobs, thread_share
from spacy_deepal.experiment.simulation import (
    METRICS,
    SPLITS,
    configure,
    configure_run,
    full_folder,
    full_run,
    make_blocks,
    prepare_corpus,
    run_folder,
)
from spacy_deepal.files import read_json, write_json
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report import report
from spacy_deepal.rounds.loop import run
from spacy_deepal.rounds.manifest import describe_pool
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import SECTION

WHAT = ("round", "selection", "words", "words_percent", "sentences", "stability")
SCORES = ("ents_p", "ents_r", "ents_f", "dev_ents_f")

app = typer.Typer()


@app.command(context_settings=OVERRIDES)
def main(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Annotated[Path, typer.Argument(help="Folder for pools, runs, models and report")],
    lang: Lang = "en",
    acquisition: Annotated[
        list[str], typer.Option(help="Acquisition function, as MNLP or BALD:samples=20; repeatable")
    ] = [*FUNCTIONS],  # noqa: B006 (read only)
    seed: Annotated[list[int], typer.Option(help="Seed; may be repeated")] = [0, 1, 2],  # noqa: B006
    output: Annotated[Path, typer.Option(help="Where the lines go")] = RESULTS / "curves.jsonl",
    processes: Processes = 1,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Run what is not recorded yet, record it, and report. Overrides of the config as in `spacy
    train`."""
    with show_errors(config):
        set_up(code, gpu_id)
        loaded = load_config(ctx, config)
        blocks, seeds = make_blocks(loaded, acquisition), list(dict.fromkeys(seed))
        folder = prepare_corpus(data, workspace, lang=lang)
        configured = configure(loaded, folder, lang)
        key = {"data": folder.name, "made_of": made_of(loaded, folder, lang)}
        check_made_of(output, key)
        curves = Curves(folder, lang, output, key, thread_share(processes))
        jobs = curves.jobs(configured, blocks, seeds, gpu_id)
        if not jobs:
            msg.info(f"All of it is in {output}. Give another --output to run it again.")
        do_jobs(
            jobs,
            processes,
            code=code,
            use_gpu=gpu_id,
            begin=curves.begin,
            progress=curves.progress,
        )
        curves.report()


class Curves:
    """The experiment with one set, and what is recorded of it.

    folder (Path): What `prepare_corpus` made.
    output (Path): JSONL, a line a round.
    key (dict): What all lines begin with: `data`, the folder's name, and `made_of`.
    threads (int): Torch threads of a run.
    """

    def __init__(self, folder: Path, lang: str, output: Path, key: dict[str, Any], threads: int):
        self.folder, self.lang, self.output = folder, lang, output
        self.key, self.threads = key, threads
        self.runs: dict[str, tuple[str, int, Path]] = {}

    def jobs(
        self,
        config: Config,
        blocks: dict[str, dict[str, Any]],
        seeds: Sequence[int],
        use_gpu: int,
    ) -> dict[str, Job]:
        """RETURNS (dict[str, Callable]): What is not recorded to its end yet, by title."""
        jobs = {}

        def add(name: str, seed: int, output: Path, job: Job) -> None:
            title = f"{name}, seed {seed}"
            jobs[title], self.runs[title] = job, (name, seed, output)

        if not self.recorded(SHALLOW, 0):
            output = self.folder / SHALLOW
            add(SHALLOW, 0, output, partial(train_crf, self.folder, output, self.lang))
        for seed in seeds:
            if not self.recorded(FULL, seed):
                output = full_folder(self.folder, seed)
                add(
                    FULL,
                    seed,
                    output,
                    partial(full_run, config, output, seed=seed, use_gpu=use_gpu),
                )
        for seed, (name, block) in product(seeds, blocks.items()):
            if not ends(self.recorded(name, seed), config[SECTION].get("rounds", 0)):
                own = configure_run(config, block, seed)
                output = run_folder(self.folder, name, seed)
                add(name, seed, output, partial(run, own, output, use_gpu=use_gpu))
        return jobs

    def begin(self, title: str) -> None:
        """Record what an earlier process did of the run and did not record."""
        msg.info(f"{self.folder.name}: {title} begins")
        name, seed, output = self.runs[title]
        self.record(name, seed, RunFolder(output).metrics)

    def progress(self, title: str, line: dict[str, Any]) -> None:
        """Record a finished round, or the scores of a model of all words."""
        name, seed, _ = self.runs[title]
        line = line if "round" in line else self.all_words(line)
        what = f"{line['words_percent']:.1f}% of the words"
        print(f"{self.folder.name}: {title}, {what}: F1 {100 * line['ents_f']:.2f}", flush=True)
        self.record(name, seed, [line])

    def all_words(self, scores: dict[str, Any]) -> dict[str, Any]:
        """RETURNS (dict): The scores of a model of all words as a round of the loop has them."""
        pool = describe_pool(self.folder / "corpus" / "train", self.lang)
        size = {"words": pool["words"], "words_percent": 100.0, "sentences": pool["sentences"]}
        return {"round": 0, "selection": "all", **size, **scores}

    def recorded(self, name: str, seed: int) -> list[dict[str, Any]]:
        """RETURNS (list[dict]): The lines of a run that are there."""
        return matching(self.output, {**self.key, "acquisition": name, "seed": seed})

    def record(self, name: str, seed: int, rounds: Iterable[dict[str, Any]]) -> None:
        """Append the rounds of a run that are not there yet.

        RAISES (DeepALError): When those that are there are another run's, made in another folder.
        """
        there = {line["round"]: line for line in self.recorded(name, seed)}
        run = {**self.key, "acquisition": name, "seed": seed}
        for line in rounds:
            scores = {key: round(line[key], DIGITS) for key in SCORES}
            if recorded := there.get(line["round"]):
                if not scores.items() <= recorded.items():
                    raise DeepALError(
                        f"{self.output} has another run of {name}, seed {seed}: other scores in "
                        f"round {line['round']}. Give another file as --output."
                    )
            else:
                what = {key: line[key] for key in WHAT if key in line}
                rest = {"seconds": line["seconds"], "threads": self.threads}
                append(self.output, {**run, **what, **scores, **rest})

    def report(self) -> None:
        """Report all runs in the folder, and the models of all words."""
        runs = [file.parent for file in sorted(self.folder.glob("*/manifest.json"))]
        lines = matching(self.output, {**self.key, "acquisition": FULL})
        seeds = sorted(line["seed"] for line in lines)
        full = [full_folder(self.folder, seed) / METRICS for seed in seeds]
        shallow = self.folder / SHALLOW / METRICS
        if runs:
            page = report(
                runs,
                self.folder / "report.html",
                full=[file for file in full if file.exists()],
                shallow=shallow if shallow.exists() else None,
                title=self.folder.name,
            )
            msg.good(f"The report is in {page}")


def train_crf(
    folder: Path, output: Path, lang: str, *, report: Callable[[dict[str, Any]], None]
) -> None:
    """Train the CRF on all words, unless that has been done. It has no random number.

    folder (Path): What `prepare_corpus` made.
    output (Path): Gets the model and its metrics.
    report (Callable): Is called with its scores and the seconds of the training.
    """
    file = output / METRICS
    if not file.exists():
        vocab = spacy.blank(lang).vocab
        docs = {split: list(read_shards(folder / "corpus" / split, vocab)) for split in SPLITS}
        output.mkdir(exist_ok=True)
        start = perf_counter()
        scores = crf.train_and_score(docs, output / "model")
        write_json(file, {**scores, "seconds": {"train": round(perf_counter() - start, 3)}})
    report(read_json(file))


def ends(lines: list[dict[str, Any]], rounds: int) -> bool:
    """Whether a run is recorded to its end: so many rounds after the seed set's, or all words."""
    numbers = {line["round"] for line in lines}
    if not lines or len(numbers) <= max(numbers):
        return False
    return 0 < rounds <= max(numbers) or any(line["words_percent"] >= 100 for line in lines)


if __name__ == "__main__":
    app()
