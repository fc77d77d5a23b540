"""A simulated experiment on a folder of data: pools, runs that differ in function and seed, report.

WORKSPACE/NAME/   corpus/{train,dev,test}, vectors/, FUNCTION-seedN/ (run folders), full-seedN/,
                  report.html
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from thinc.api import Config

from ..acquisition.registry import NAME, acquisition_block, acquisition_label
from ..corpus.ontonotes import is_release
from ..corpus.sources import find_files
from ..errors import DeepALError
from ..files import read_json, write_json
from ..pool.shards import fingerprint
from ..report import report
from ..rounds.loop import run
from ..rounds.settings import SECTION, check_sections
from ..rounds.training import train_full, without_loop
from ..vectors.make import make_vectors, vectors_source
from .jobs import do_jobs
from .prepare import prepare

SPLITS = ("train", "dev", "test")
METRICS = "metrics.json"


def experiment(
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
    begin: Callable[[str], None] = lambda title: None,
    progress: Callable[[str, dict[str, Any]], None] = lambda title, line: None,
) -> Path:
    """Run every acquisition function with every seed, and report. Goes on where it stopped.

    config (Config): As for `run`; its paths, language, seed and function are set here.
    data (str | Path): As for `prepare`; its subfolder named as the language, where there is one.
    workspace (str | Path): Folder in which the experiment gets a folder named after the data.
    acquisitions (Sequence[str]): Functions as for `make_blocks`.
    full (bool): Also train on the whole pool with every seed, so that the report knows the
        full-data F1.
    processes, code, begin, progress: As for `do_jobs`; what is reported are the lines of finished
        rounds, and the scores of a model of the whole pool.
    RETURNS (Path): The report.
    RAISES (DeepALError): As `make_blocks`, `prepare_corpus`, `configure`, `run` and `train_full`.
    """
    blocks = make_blocks(config, acquisitions)
    seeds = list(dict.fromkeys(seeds))
    folder = prepare_corpus(data, workspace, lang=lang)
    config = configure(config, folder, lang)
    jobs, runs = {}, []
    for seed in seeds if full else ():
        output = full_folder(folder, seed)
        jobs[f"full data, seed {seed}"] = partial(
            full_run, config, output, seed=seed, use_gpu=use_gpu
        )
    for seed in seeds:
        for name, block in blocks.items():
            runs.append(run_folder(folder, name, seed))
            own = configure_run(config, block, seed)
            job = partial(run, own, runs[-1], keep=keep, use_gpu=use_gpu)
            jobs[f"{name}, seed {seed}"] = job
    do_jobs(jobs, processes, code=code, use_gpu=use_gpu, begin=begin, progress=progress)
    metrics = [full_folder(folder, seed) / METRICS for seed in seeds]
    known = [file for file in metrics if file.exists()]
    return report(runs, folder / "report.html", full=known, title=folder.name)


def full_folder(folder: Path, seed: int) -> Path:
    """RETURNS (Path): Where in an experiment's folder the model of all data goes."""
    return folder / f"full-seed{seed}"


def run_folder(folder: Path, name: str, seed: int) -> Path:
    """RETURNS (Path): Where in an experiment's folder the run of a function goes."""
    return folder / f"{name.replace(':', '-')}-seed{seed}"


def make_blocks(config: Config, acquisitions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """RETURNS (dict): The block of each function, by its label.

    config (Config): Where it has the function that is named without arguments, those of the config
        are taken.
    acquisitions (Sequence[str]): Functions as for `acquisition_block`.
    RAISES (DeepALError): As `acquisition_block`; or the config has no [active_learning].
    """
    check_sections(config, SECTION)
    given = config.interpolate()[SECTION].get("acquisition")
    blocks = {}
    for text in acquisitions:
        block = acquisition_block(text)
        if isinstance(given, dict) and block == {NAME: given.get(NAME)}:
            block = dict(given)
        blocks[acquisition_label(block)] = block
    return blocks


def configure_run(config: Config, block: dict[str, Any], seed: int) -> Config:
    """RETURNS (Config): A copy with the seed and the acquisition function."""
    config = config.copy()
    config[SECTION]["seed"], config[SECTION]["acquisition"] = seed, block
    return config


def configure(config: Config, folder: Path, lang: str) -> Config:
    """RETURNS (Config): A copy with the paths and the language of what `prepare_corpus` made; and
    with vectors of the pool's text, unless the config names some.

    RAISES (DeepALError): The config lacks a section that training needs.
    """
    check_sections(config, "paths", "nlp", "training")
    config, corpus = config.copy(), folder / "corpus"
    if not config["paths"].get("vectors"):
        config["paths"]["vectors"] = str(text_vectors(folder, lang))
    config["nlp"]["lang"] = lang
    config["paths"]["train"] = config["paths"]["pool"] = str(corpus / "train")
    config["paths"]["dev"], config["paths"]["test"] = str(corpus / "dev"), str(corpus / "test")
    return config


def prepare_corpus(data: str | Path, workspace: str | Path, *, lang: str) -> Path:
    """Convert the data, unless that has been done.

    RETURNS (Path): The experiment's folder, with corpus/{train,dev,test}.
    RAISES (DeepALError): As `prepare`; or the folder belongs to other data of the same name.
    """
    data = Path(data)
    name = data.resolve().name
    if (data / lang).is_dir():
        data, name = data / lang, f"{name}-{lang}"
    elif is_release(data):
        name = f"{name}-{lang}"
    folder = Path(workspace) / name
    if folder.resolve() == data.resolve():
        raise DeepALError(f"{folder} is the folder of the data. Name another workspace.")
    source = folder / "source.json"
    described = {"files": hash_files(data, Path(workspace), lang), "lang": lang}
    if source.exists():
        if read_json(source) != described:
            raise DeepALError(
                f"{folder} was made from other data of this name than {data}, or from what {data} "
                "held before, or in another language. Move it away, or name another workspace."
            )
        return folder
    prepare(data, folder / "corpus", lang=lang, exclude=Path(workspace))
    write_json(source, described)
    return folder


def text_vectors(folder: Path, lang: str) -> Path:
    """Learn vectors from the text of the pool, unless that has been done.

    folder (Path): What `prepare_corpus` made.
    RETURNS (Path): The table, folder/vectors.
    """
    table, pool = folder / "vectors", [folder / "corpus" / "train"]
    if not table.is_dir():
        make_vectors(pool, table, vectors_source(from_text=pool), lang=lang)
    return table


def full_run(
    config: Config,
    output: Path,
    *,
    seed: int | None = None,
    use_gpu: int = -1,
    report: Callable[[dict[str, Any]], None] = lambda scores: None,
) -> dict[str, Any]:
    """Train one supervised model on the whole pool as the config's [training] says, unless that has
    been done. What [active_learning] says has no part in it.

    seed (int | None): None: the config's.
    report (Callable): Is called with what is returned.
    RETURNS (dict): Its scores on the test set, dev_ents_f, and the seconds of the training;
        output/metrics.json holds them.
    """
    file = output / METRICS
    if seed is not None:
        config = config.copy()
        config["training"]["seed"] = seed
    paths = config.interpolate()["paths"]
    made_of = {
        "config": without_loop(config).to_str(),
        **{split: fingerprint(paths[split]) for split in SPLITS},
    }
    if not file.exists() or (metrics := read_json(file))["made_of"] != made_of:
        start = perf_counter()
        metrics = train_full(config, output, use_gpu=use_gpu)
        seconds = {"train": round(perf_counter() - start, 3)}
        metrics = {**metrics, "seconds": seconds, "made_of": made_of}
        write_json(file, metrics)
    report(metrics)
    return metrics


def hash_files(folder: Path, exclude: Path, lang: str) -> str:
    """RETURNS (str): A hash of the names and contents of the data below a folder, as `find_files`
    finds them."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(find_files([folder], exclude=exclude, lang=lang)):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
