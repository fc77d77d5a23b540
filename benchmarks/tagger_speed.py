"""Compare speed and memory of the tagger with those of spaCy's `ner`, and BALD's time with MNLP's.

    python benchmarks/tagger_speed.py --quick --data assets/demo/en --json speed.json

After a warm-up, both sides take turns in one process. Figures are medians. With one thread they are
of CPU time, so other work on the machine hardly counts; with more threads they are of wall time.
Ratios above 1 are in the tagger's favour. Only those of BALD are times over the time of MNLP.
"""

import io
import multiprocessing
import random
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from corpora import make_corpus, take
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import registry
from systems import ner_config, tagger_config
from thinc.api import Config
from timing import JsonFile, clock, machine, timed, write_figures
from tqdm import tqdm

from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.selection import select

WARM_UP = 5  # updates
STEPS_DONE = 2000  # batches to skip, because they grow: these are the batches of mid-training
LEARNT = 60_000  # words to train on before prediction, so that there are entities to set
POOL = 30_000  # words that are scored


def main(
    data: Annotated[Path, typer.Option(help="A folder that `spacy deepal prepare` takes")],
    json_file: JsonFile = None,
    quick: Annotated[bool, typer.Option("--quick", help="Less of everything: minutes")] = False,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    threads: Annotated[int, typer.Option(help="Threads of torch")] = 1,
) -> None:
    """Measure and print a table."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(data, Path(folder), lang, 1.0, 0, dev_words=16_000)
        figures = {"machine": machine(), "threads": threads, "data": data.resolve().name}
        sides = {
            "ner": side(ner_config(lang), corpus, STEPS_DONE),
            "deepal_ner": side(tagger_config(lang), corpus, STEPS_DONE),
        }
        repeats, words = (3, 8_000) if quick else (7, 20_000)
        figures |= measure_training(sides, corpus, repeats, words)
        for _, learn in sides.values():
            learn(LEARNT)
        figures |= measure_prediction(sides, corpus, 2 * repeats)
        figures |= measure_bald(sides["deepal_ner"][0], corpus, 1 if quick else 3)
        if not quick:
            figures |= measure_convergence(corpus, lang)
            figures |= measure_memory(corpus, lang)
    for key, value in figures.items():
        print(f"{key:28} {value}")
    write_figures(json_file, figures)


def side(config: Config, corpus: Path, steps: int) -> tuple[Language, Callable[[], Any]]:
    """Initialise a pipeline for training.

    steps (int): Batches to skip, so that the next ones are as large as after so many updates.
    RETURNS (Language, Callable): The pipeline, and a function that trains it on at least a given
        number of words and returns how many there were.
    """
    for split in ("train", "dev"):
        config["paths"][split] = str(corpus / f"{split}.spacy")
    nlp = init_nlp(config)
    training = registry.resolve(
        {key: nlp.config.interpolate()["training"][key] for key in ("batcher", "optimizer")}
    )
    examples = list(Corpus(corpus / "train.spacy", gold_preproc=True)(nlp))
    drop = nlp.config["training"]["dropout"]

    def batches():
        while True:
            random.shuffle(examples)
            yield from training["batcher"](examples)

    stream = batches()
    for _ in range(steps):
        next(stream)

    def learn(words: int) -> int:
        done = 0
        while done < words:
            batch = next(stream)
            nlp.update(batch, drop=drop, sgd=training["optimizer"])
            done += sum(len(example) for example in batch)
        return done

    for _ in range(WARM_UP):
        learn(1)
    return nlp, learn


def measure_training(
    sides: dict[str, tuple], corpus: Path, repeats: int, words: int
) -> dict[str, Any]:
    """RETURNS (dict): Words a second of `nlp.update` with the batches of each config; the ratio."""
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in tqdm(range(repeats), "training", leave=False, disable=None):
        for name, (_, learn) in sides.items():
            start = clock()
            speeds[name].append(learn(words) / (clock() - start))
    return compared("train", speeds)


def compared(what: str, speeds: dict[str, list[float]]) -> dict[str, Any]:
    """RETURNS (dict): The median speed of each side, and the median of the ratios of each turn."""
    ratios = [x / y for x, y in zip(speeds["deepal_ner"], speeds["ner"], strict=True)]
    found = {f"{what}_{name}_words_s": round(statistics.median(v)) for name, v in speeds.items()}
    return {**found, f"{what}_ratio": round(statistics.median(ratios), 2)}


def fresh(nlp: Language, corpus: Path) -> list[Doc]:
    """RETURNS (list[Doc]): Sentences of the training data without their entities."""
    docs = DocBin().from_disk(corpus / "train.spacy").get_docs(nlp.vocab)
    docs = take(list(docs), POOL, 0)
    for doc in docs:
        doc.set_ents([], default="missing")
    return docs


def forget(nlp: Language) -> None:
    """Let the tagger build its tables of words again, as it does after an update."""
    tagger = nlp.get_pipe("ner")
    tagger.from_bytes(tagger.to_bytes(exclude=["vocab"]), exclude=["vocab"])


def measure_prediction(sides: dict[str, tuple], corpus: Path, repeats: int) -> dict[str, Any]:
    """RETURNS (dict): Words a second of `nlp.pipe`, entities set; the ratio."""
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in tqdm(range(repeats + 1), "prediction", leave=False, disable=None):
        for name, (nlp, _) in sides.items():
            docs = fresh(nlp, corpus)
            words = sum(map(len, docs))
            if name == "deepal_ner":
                forget(nlp)
            seconds = timed(lambda nlp=nlp, docs=docs: list(nlp.pipe(docs)))
            if turn:  # the first warms up
                speeds[name].append(words / seconds)
    return compared("predict", speeds)


def measure_bald(nlp: Language, corpus: Path, repeats: int) -> dict[str, Any]:
    """Compare BALD, BALD of the decoder alone, and BALD for a budget of 2% of the words.

    RETURNS (dict): Their times over the time of MNLP, all words new to each of them; and what
        `compare_scores` finds.
    """
    docs = fresh(nlp, corpus)
    for i, doc in enumerate(docs):
        doc.user_data["deepal"] = {"id": str(i), "doc_id": None, "genre": None}
    budget = round(0.02 * sum(map(len, docs)))
    functions = {name: make_acquisition(name) for name in ("MNLP", "BALD", "DecoderBALD")}
    functions["BALD20"] = make_acquisition("BALD:samples=20")
    jobs = {name: (function, None) for name, function in functions.items()}
    jobs["anytime"] = functions["BALD"], budget
    times: dict[str, list[float]] = {name: [] for name in jobs}
    scores = {}
    for turn in tqdm(range(repeats + 1), "BALD", leave=False, disable=None):
        for name, (function, limit) in jobs.items():
            if turn == 0 and name not in ("MNLP", "DecoderBALD"):  # these warm up
                continue
            forget(nlp)
            start = clock()
            scores[name] = list(score_docs(nlp, docs, function, budget=limit))
            if turn:
                times[name].append(clock() - start)
    base = statistics.median(times["MNLP"])
    names = {"bald": "BALD", "bald_decoder": "DecoderBALD", "bald_20_samples": "BALD20"}
    figures = {
        f"{key}_ratio": round(statistics.median(times[name]) / base, 1)
        for key, name in {**names, "bald_anytime": "anytime"}.items()
    }
    return {**figures, **compare_scores(scores, budget)}


def compare_scores(scores: dict[str, list], budget: int) -> dict[str, float]:
    """RETURNS (dict): The share of BALD's batch, in words, that each function finds; its rank
    correlation with BALD."""
    exact = {item.id: item.words for item in select(scores["BALD"], budget)}
    names = {"20_samples": "BALD20", "decoder": "DecoderBALD"}
    figures = {}
    for key, name in {"anytime": "anytime", **names}.items():
        found = sum(exact.get(item.id, 0) for item in select(scores[name], budget))
        figures[f"bald_{key}_finds"] = round(found / sum(exact.values()), 2)
    for key, name in {**names, "mnlp": "MNLP"}.items():
        figures[f"bald_{key}_spearman"] = round(spearman(scores["BALD"], scores[name]), 3)
    return figures


def spearman(one: list, other: list) -> float:
    """RETURNS (float): The rank correlation of two lists of scores of the same sentences."""
    ranks = []
    for scores in (one, other):
        values = torch.tensor([item.score for item in scores], dtype=torch.float64)
        _, place, counts = values.unique(return_inverse=True, return_counts=True)
        ranks.append((counts.cumsum(0) - (counts - 1) / 2)[place])  # ties share their mean rank
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])


def measure_convergence(corpus: Path, lang: str) -> dict[str, Any]:
    """RETURNS (dict): Seconds until `ner` reaches its best F1 on dev, and until the tagger reaches
    the same F1, evaluations included."""
    curves = {}
    for name, config in {"ner": ner_config(lang), "deepal_ner": tagger_config(lang)}.items():
        for split in ("train", "dev"):
            config["paths"][split] = str(corpus / f"{split}.spacy")
        nlp, curve, start = init_nlp(config), [], clock()

        def logger(nlp: Language, stdout: Any, stderr: Any, curve: list = curve, start=start):
            def log_step(info: dict[str, Any] | None) -> None:
                if info is not None:
                    curve.append((clock() - start, info["score"]))

            return log_step, lambda: None

        registry.loggers.register(f"times.{name}", func=lambda logger=logger: logger)
        nlp.config["training"]["logger"] = {"@loggers": f"times.{name}"}
        with tempfile.TemporaryDirectory() as output:
            train(nlp, Path(output), stdout=io.StringIO(), stderr=io.StringIO())
        curves[name] = curve
    best = max(score for _, score in curves["ner"])
    theirs = next(seconds for seconds, score in curves["ner"] if score >= best)
    ours = next((seconds for seconds, score in curves["deepal_ner"] if score >= best), None)
    return {
        "ner_best_dev_f": round(best, 4),
        "ner_seconds_to_it": round(theirs, 1),
        "deepal_ner_seconds_to_it": ours and round(ours, 1),
        "deepal_ner_best_dev_f": round(max(score for _, score in curves["deepal_ner"]), 4),
        "convergence_ratio": ours and round(theirs / ours, 2),
    }


def measure_memory(corpus: Path, lang: str) -> dict[str, Any]:
    """RETURNS (dict): Peak memory in MB when training and when predicting, in a process each."""
    figures, context = {}, multiprocessing.get_context("spawn")
    for name in ("ner", "deepal_ner"):
        with context.Pool(1) as pool:
            trained, predicted = pool.apply(peaks, (name, corpus, lang))
        figures |= {f"memory_train_{name}": trained, f"memory_predict_{name}": predicted}
    for what in ("train", "predict"):
        ratio = figures[f"memory_{what}_deepal_ner"] / figures[f"memory_{what}_ner"]
        figures[f"memory_{what}_ratio"] = round(ratio, 2)
    return figures


def peaks(name: str, corpus: Path, lang: str) -> tuple[int, int]:
    """RETURNS (int, int): Peak memory in MB after training, and after prediction."""
    config = ner_config(lang) if name == "ner" else tagger_config(lang)
    nlp, learn = side(config, corpus, STEPS_DONE)
    learn(30_000)
    trained = peak_memory()
    list(nlp.pipe(fresh(nlp, corpus)))
    return trained, peak_memory()


def peak_memory() -> int:
    """RETURNS (int): The peak memory of this process in MB. That of `getrusage` would include the
    process that started it."""
    lines = Path("/proc/self/status").read_text(encoding="utf8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


if __name__ == "__main__":
    typer.run(main)
