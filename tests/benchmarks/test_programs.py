"""The programs in benchmarks/ run and write what they promise; their figures are not looked at."""

import importlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
import typer

from spacy_deepal.corpus.docbin import read_docs
from spacy_deepal.files import read_jsonl, write_jsonl
from spacy_deepal.rounds.loop import load_run_config
from spacy_deepal.rounds.loop import run as run_loop

from .pools import AL_CONFIG, quick_config, write_pools
from .report.build import make_run

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAMES, PLACES = "Ada Bob Cem Dee Eva Fay".split(), "Rome Oslo Lima Bern Kyiv Bonn".split()

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path):
    draw = random.Random(0)
    for split, count in (("train", 120), ("dev", 40), ("test", 40)):
        sentences = []
        for _ in range(count):
            name, place = draw.choice(NAMES), draw.choice(PLACES)
            words = f"On day {draw.randrange(90)} {name} went to {place} by train .".split()
            labels = {name: "B-PERSON", place: "B-GPE"}
            sentences.append("".join(f"{word}\t{labels.get(word, 'O')}\n" for word in words))
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        (folder / f"{split}.iob2").write_text("\n".join(sentences), encoding="utf8")
    return tmp_path / "data"


def run(program, *args):
    command = [sys.executable, str(BENCHMARKS / program), *map(str, args)]
    # Beside other work two threads wait for each other.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, env=environment)
    assert done.returncode == 0, " ".join((done.stdout + done.stderr).split())
    return done.stdout


def test_speed(data, tmp_path):
    out = run("tagger_speed.py", "--quick", "--data", data, "--json", tmp_path / "speed.json")
    figures = json.loads((tmp_path / "speed.json").read_text())
    for key in ("train_ratio", "predict_ratio", "bald_ratio", "bald_decoder_ratio"):
        assert figures[key] > 0
        assert key in out


def test_accuracy_is_recorded_once(data, tmp_path):
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")
    systems = ["deepal_ner", "deepal_ner_plain", "crf"]
    output = tmp_path / "accuracy.jsonl"
    options = [f"--system={system}" for system in systems]
    options += ["--share", "0.5", "--seed", "1", "--output", output]
    options += ["--workspace", tmp_path / "workspace"]
    for _ in range(2):
        run("tagger_accuracy.py", f"tiny={data}", *options)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["system"] for line in lines] == systems
    for line in lines:
        assert (line["data"], line["share"], line["seed"]) == ("tiny", 0.5, 1)
        assert 0.5 < line["ents_f"] <= 1


def test_successors_are_trained_once_on_what_a_run_labelled(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    successors = importlib.import_module("successors")
    trained = []

    def quick_ner(*args):
        config = ner_config(*args)
        config["training"]["max_steps"] = 40
        config["training"]["eval_frequency"] = 20
        return config

    def count(config, corpus, output):
        trained.append(len(list(read_docs(corpus / "train.spacy", spacy.blank("xx").vocab))))
        return run_spacy(config, corpus, output)

    ner_config, run_spacy = successors.ner_config, successors.run_spacy
    monkeypatch.setattr(successors, "ner_config", quick_ner)
    monkeypatch.setattr(successors, "run_spacy", count)
    paths = write_pools(tmp_path)
    for name in ("MNLP", "RAND"):
        run_loop(quick_config(paths, name, rounds=1), tmp_path / "runs" / f"{name}-seed0")
    rounds = read_jsonl(tmp_path / "runs" / "MNLP-seed0" / "metrics.jsonl")
    percent = [round(line["words_percent"]) for line in rounds]
    output = tmp_path / "results" / "successors.jsonl"
    for _ in range(2):
        successors.main([f"tiny={tmp_path / 'runs'}"], [*percent, 90], output=output)
    lines = read_jsonl(output)
    assert [(line["acquisition"], line["share"]) for line in lines] == [
        (name, share / 100) for share in percent for name in ("MNLP", "RAND")
    ]
    assert [line["sentences"] for line in lines] == trained
    for line, each in zip(lines[::2], rounds, strict=True):
        assert (line["data"], line["seed"], line["system"]) == ("tiny", 0, "ner")
        assert line["words"] == each["words"]
        assert line["deepal_ner_ents_f"] == round(each["ents_f"], 4)
        assert 0 <= line["ents_f"] <= 1
    table = run("successors_table.py", output).splitlines()
    assert len(table) == 6
    assert table[2].startswith("| tiny | `ner` | MNLP | ")
    other = [{**line, "words": line["words"] + 1} for line in lines]
    write_jsonl(output, other)
    with pytest.raises(typer.BadParameter, match="has a line for other picks than those of"):
        successors.main([f"tiny={tmp_path / 'runs'}"], percent, output=output)


def test_the_table_of_stopping_says_what_later_rounds_gained(tmp_path):
    stability = (None, 0.8, 0.9, 1, 0.95)
    lines = [
        {"data": "tiny", "acquisition": "MNLP", "seed": seed, "round": number}
        | {"words_percent": 10.0 * number, "ents_f": f, "stability": stability[number]}
        for seed, curve in enumerate([(0.2, 0.5, 0.6, 0.65, 0.7), (0.2, 0.5, 0.6, 0.7, 0.6)])
        for number, f in enumerate(curve)
    ]
    lines.append(lines[-1] | {"acquisition": "full", "round": 0})  # has no rounds to stop at
    write_jsonl(tmp_path / "curves.jsonl", lines)
    table = run("stopping_table.py", tmp_path / "curves.jsonl", "--threshold=0.9", "--threshold=1")
    assert table.splitlines()[2:] == [
        "| tiny | MNLP | 0.9 | 2 of 2 | 30% | 67.5 | -2.5 | -2.5 |",
        "| tiny | MNLP | 1 | 0 of 2 | | | | |",
    ]


def test_runs_are_recorded_with_the_settings_that_differ(tmp_path):
    scratch = {"warm_start": False, "passes": 50}
    common = load_run_config(AL_CONFIG, {"active_learning.rounds": 3}).to_str()
    other = {f"active_learning.{key}": value for key, value in scratch.items()}
    config = load_run_config(AL_CONFIG, other).to_str()
    make_run(tmp_path / "a" / "tiny" / "0", curve=((1, 0.5), (10, 0.7)), config=common)
    make_run(tmp_path / "a" / "tiny" / "1", seed=1, curve=((1, 0.5), (10, 0.8)), config=common)
    make_run(tmp_path / "b" / "tiny" / "0", curve=((1, 0.4), (10, 0.6)), config=config)
    make_run(tmp_path / "b" / "more" / "0", "RAND", config=config)
    folders = [tmp_path / "a" / "tiny", tmp_path / "b" / "tiny", tmp_path / "b" / "more"]
    output = tmp_path / "settings.jsonl"
    name = "warm_start = false, passes = 50"
    for _ in range(2):
        table = run("settings.py", *folders, "--output", output)
        assert table.splitlines() == [
            "",
            "| more | seeds | 1% | 10% | 20% | training |",
            "|---|---|---|---|---|---|",
            f"| RAND: {name} | 1 | 50.0 | 70.0 | 80.0 | 90 s |",
            "",
            "| tiny | seeds | 1% | 10% | training |",
            "|---|---|---|---|---|",
            "| MNLP: configs/al.cfg | 2 | 50.0 | 75.0 | 60 s |",
            f"| MNLP: {name} | 1 | 40.0 | 60.0 | 60 s |",
        ]
    lines = read_jsonl(output)
    assert len(lines) == 9
    assert [line["settings"] for line in lines] == [{}] * 4 + [scratch] * 5
    make_run(tmp_path / "c" / "tiny" / "0", curve=((1, 0.5), (10, 0.6)), config=common)
    with pytest.raises(AssertionError, match="has another run like"):
        run("settings.py", tmp_path / "c" / "tiny", "--output", output)
    assert read_jsonl(output) == lines
