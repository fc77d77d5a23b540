"""The programs in benchmarks/ run and write what they promise. Their figures are not looked at."""

import ast
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ..vectors.build import make_encoder

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
PROGRAMS = sorted([*BENCHMARKS.glob("*.py"), *ROOT.glob("projects/*/scripts/*.py")])
NAMES, PLACES = "Ada Bob Cem Dee Eva Fay".split(), "Rome Oslo Lima Bern Kyiv Bonn".split()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_programs_use_public_names_only(path):
    tree = ast.parse(path.read_text(encoding="utf8"))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in attributes if getattr(node.value, "id", "") != "self"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            used |= {*node.module.split("."), *(name.name for name in node.names)}
    private = {name for name in used if name.startswith("_") and not name.startswith("__")}
    assert private == set()
    assert "shims" not in used


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


@pytest.mark.slow
def test_speed(data, tmp_path):
    out = run("tagger_speed.py", "--quick", "--data", data, "--json", tmp_path / "speed.json")
    figures = json.loads((tmp_path / "speed.json").read_text())
    for key in ("train_ratio", "predict_ratio", "bald_ratio", "bald_decoder_ratio"):
        assert figures[key] > 0
        assert key in out


@pytest.mark.slow
def test_speed_with_an_encoder(data, tmp_path):
    file = tmp_path / "speed.json"
    encoder = make_encoder(tmp_path / "encoder")
    sizes = ("--words", 400, "--repeats", 1)
    out = run("encoder_speed.py", "--data", data, "--encoder", encoder, *sizes, "--json", file)
    figures = json.loads(file.read_text())
    assert figures["words"] >= 400
    assert 0 < figures["encoder_network_share"] < 1
    for key in ("encoder_words_s", "mnlp_with_words_s", "bald_without_words_s", "bald_ratio"):
        assert figures[key] > 0
        assert key in out


@pytest.mark.slow
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


@pytest.mark.slow
def test_latency_of_a_round(data, tmp_path):
    file = tmp_path / "latency.json"
    sizes = ("--pool", 1200, "--labelled", 150, "--labelled", 9000, "--threads", 1)
    run("round_latency.py", "--data", data, *sizes, "--json", file)
    figures = json.loads(file.read_text())["figures"]
    assert [line["system"] for line in figures] == ["deepal_ner", "ner"]
    assert all(line["total"] >= line["train"] > 0 for line in figures)
    ours = figures[0]
    assert ours["encode"] == 0
    assert ours["total"] > ours["read"] + ours["write"] > 0


@pytest.mark.slow
def test_latency_of_labelling(data, tmp_path):
    file = tmp_path / "latency.json"
    run("label_latency.py", "--data", data, "--pool", 900, "--labelled", 150, "--json", file)
    figures = json.loads(file.read_text())
    assert figures["first"] > 0
    assert figures["again"] > 0


@pytest.mark.slow
def test_gpu_measures_the_cpu_where_there_is_no_gpu(data, tmp_path):
    file = tmp_path / "gpu.json"
    encoder = make_encoder(tmp_path / "encoder")
    sizes = ("--updates", 60, "--words", 300)
    run("gpu.py", "--data", data, "--encoder", encoder, *sizes, "--json", file)
    lines = json.loads(file.read_text())["figures"]
    on_cpu = [line for line in lines if line["device"] == "cpu"]
    assert [line["encoder"] for line in on_cpu] == [False, True]
    for line in lines:
        assert line["words"] >= 300
        assert line["train"] > 0
        assert line["bald"] > line["mnlp"] > 0
        assert line["mnlp_difference"] < 1e-3
        assert 0 <= line["bald_difference"] < 0.1


@pytest.mark.parametrize("program", ["tagger_table.py", "speed_table.py"])
def test_the_page_has_the_tables_of_what_is_recorded(program):
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf8")
    for table in run(program).strip().split("\n\n"):
        repair = f"Paste what `python benchmarks/{program}` prints"
        assert f"\n\n{table}\n\n" in page, repair
