"""A simulated experiment on labelled data: pools, runs that differ in function and seed, a report.

WORKSPACE/NAME/   corpus/{train,dev,test}, vectors/, FUNCTION-seedN/ (run folders), full-seedN/,
                  report.html
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from thinc.api import Config

from ..acquisition.registry import NAME, acquisition_block, acquisition_label
from ..corpus.folders import find_files
from ..corpus.ontonotes import is_release
from ..errors import DeepALError
from ..files import check_output, read_json, write_json
from ..pool.shards import fingerprint
from ..report.compare import read_comparison
from ..report.page import write_report
from ..rounds.corpora import without_loop
from ..rounds.manifest import fingerprint_vectors
from ..rounds.rows import Metrics, Seconds
from ..rounds.run import run_loop
from ..rounds.settings import SECTION, check_sections, check_training_config
from ..rounds.training import train_full
from ..sealed import read_sealed_row, write_sealed_json
from ..urls import local_path
from ..vectors.make import make_vectors, vectors_source
from .jobs import do_jobs
from .prepare import SHARES, prepare

SPLITS = tuple(SHARES)  # train, dev, test
METRICS = "metrics.json"
UNSEEN = "To measure on unseen texts alone, make the pools with `spacy deepal prepare --apart`"


class FullMetrics(Metrics):
    """What a model trained on the whole pool recorded: metrics.json.

    made_of (dict): The config, and the fingerprints of each split and of the word vectors.
    """

    made_of: dict[str, str]


def simulate(
    config: Config,
    data: str | Path,
    workspace: str | Path,
    *,
    lang: str = "en",
    acquisitions: Sequence[str] = ("MNLP", "RAND"),
    seeds: Sequence[int] = (0,),
    full: bool = False,
    keep: str = "last",
    use_gpu: int = -1,
    processes: int = 1,
    code: Path | None = None,
    tell: Callable[[str], None] = print,
) -> Path:
    """Run every acquisition function with every seed, and report. Continues where it stopped.

    config (Config): As for `run_loop`. Its paths, language, seed and function are set here.
    data (str | Path): As for `prepare`. A subfolder named like the language is taken if there is
        one.
    workspace (str | Path): The folder in which the experiment gets a folder named after the data.
    lang (str): Language code of the tokenizer.
    acquisitions (Sequence[str]): Functions as for `acquisition_block`. One that is named without
        arguments has those of the config, if the config names the same function.
    seeds (Sequence[int]): The seeds; a seed that is repeated counts once.
    full (bool): Also train on the whole pool with every seed, so that the report knows the
        full-data F1.
    keep (str), use_gpu (int): As for `run_loop`.
    processes (int), code (Path | None): As for `do_jobs`.
    tell (Callable): Called with a line of text when a run begins and after each round, in the
        process that does the run; and before that as `prepare_corpus` does.
    RETURNS (Path): The report.
    RAISES (DeepALError): As each of these steps.
    """
    blocks = _make_blocks(config, acquisitions)
    seeds = list(dict.fromkeys(seeds))
    folder = prepare_corpus(data, workspace, lang=lang, tell=tell)
    config = configure(config, folder, lang)
    models = [folder / f"full-seed{seed}" for seed in seeds]
    jobs: dict[str, Callable[..., Any]] = {}
    for seed, model in zip(seeds, models, strict=True) if full else ():
        job = partial(full_run, config, model, seed=seed, use_gpu=use_gpu)
        jobs[f"full data, seed {seed}"] = job
    runs = []
    for seed in seeds:
        for name, block in blocks.items():
            runs.append(folder / f"{name.replace(':', '-')}-seed{seed}")
            own = config.copy()
            own[SECTION] |= {"seed": seed, "acquisition": block}
            run = partial(run_loop, own, runs[-1], keep=keep, use_gpu=use_gpu, code=code)
            jobs[f"{name}, seed {seed}"] = partial(run, compare_texts=False)
    told = [
        partial(_tell, title, f"{number} of {len(jobs)}", job, tell)
        for number, (title, job) in enumerate(jobs.items(), 1)
    ]
    do_jobs(told, processes, code=code, use_gpu=use_gpu)
    known = [model / METRICS for model in models if (model / METRICS).exists()]
    return write_report(read_comparison(runs, known), folder / "report.html", folder.name)


def _tell(title: str, place: str, job: Callable[..., Any], tell: Callable[[str], None]) -> None:
    """Do a job of an experiment, and tell how far it is."""
    tell(f"{title} begins ({place})")
    job(on_round=lambda metrics: tell(f"{title:<18}  {metrics.describe()}"))


def _make_blocks(config: Config, acquisitions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """RETURNS (dict): The config block of each function, by its label."""
    check_sections(config, SECTION)
    given = config.interpolate()[SECTION].get("acquisition")
    blocks = {}
    for text in acquisitions:
        block = acquisition_block(text)
        if isinstance(given, dict) and block == {NAME: given.get(NAME)}:
            block = dict(given)
        blocks[acquisition_label(block)] = block
    return blocks


def configure(config: Config, folder: Path, lang: str) -> Config:
    """RETURNS (Config): A copy with the paths of what `prepare_corpus` made, the language, and
    vectors learnt from the pool's text unless the config names others."""
    check_sections(config, "paths", "nlp", "training")
    config, corpus, vectors = config.copy(), folder / "corpus", folder / "vectors"
    if not config["paths"].get("vectors"):
        config["paths"]["vectors"] = str(vectors)
        if not vectors.is_dir():
            pool = [corpus / "train"]
            make_vectors(pool, vectors, vectors_source(from_text=pool), lang=lang)
    config["nlp"]["lang"] = lang
    config["paths"] |= {split: str(corpus / split) for split in SPLITS}
    config["paths"]["pool"] = config["paths"]["train"]
    return config


def prepare_corpus(
    data: str | Path, workspace: str | Path, *, lang: str, tell: Callable[[str], None] = print
) -> Path:
    """Convert the data, unless that is done already.

    tell (Callable): Called with a line of text for each two splits that share texts.
    RETURNS (Path): The experiment's folder, with corpus/{train,dev,test}.
    RAISES (DeepALError): As `prepare`; if the folder belongs to other data of the same name.
    """
    data, workspace = local_path(data), local_path(workspace)
    name = data.resolve().name
    if (data / lang).is_dir():
        data, name = data / lang, f"{name}-{lang}"
    elif is_release(data, lang):
        name = f"{name}-{lang}"
    folder = workspace / name
    check_output(folder, data, inside=True, around=True)
    source = folder / "source.json"
    found = find_files([data], exclude=workspace, lang=lang)
    described = {"files": found.fingerprint(data), "lang": lang}
    if source.exists():
        if read_json(source) != described:
            raise DeepALError(
                f"{folder} was made from other data than {data} holds now, or in another language. "
                "Move it away, or name another workspace."
            )
        return folder
    for summary in prepare(data, folder / "corpus", lang=lang, exclude=workspace).values():
        for shared in summary.shared:
            tell(f"{shared}. {UNSEEN}.")
    write_json(source, described)
    return folder


def full_run(
    config: Config,
    output: Path,
    *,
    seed: int | None = None,
    use_gpu: int = -1,
    on_round: Callable[[FullMetrics], None] = lambda metrics: None,
) -> FullMetrics:
    """Train one supervised model on the whole pool, as the config's [training] says, unless that is
    done already. [active_learning] is not used.

    output (Path): The folder of the model and of metrics.json.
    seed (int | None): The seed. With None, the config's.
    on_round (Callable): Called with what is returned.
    RAISES (DeepALError): The config cannot be used.
    """
    file = output / METRICS
    if seed is not None:
        config = config.copy()
        config["training"]["seed"] = seed
    check_training_config(config.interpolate())
    paths = config.interpolate()["paths"]
    made_of = {split: fingerprint(paths[split]) for split in SPLITS}
    made_of["vectors"] = fingerprint_vectors(paths.get("vectors"))
    made_of["config"] = without_loop(config).to_str()
    remedy = "Delete the file; then the model is trained again."
    metrics = read_sealed_row(file, FullMetrics, remedy)
    if metrics is None or metrics.made_of != made_of:
        start = perf_counter()
        scores = train_full(config, output, use_gpu=use_gpu)
        seconds = Seconds(train=round(perf_counter() - start, 3))
        metrics = FullMetrics(**scores, seconds=seconds, made_of=made_of)
        write_sealed_json(file, metrics)
    on_round(metrics)
    return metrics
