"""The cases about runs: each fault is made good with the results of an undisturbed run, or it is
one error that says what to do. test_faults.py has more of each kind."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import spacy

from spacy_deepal.corpus.docbin import doc_bin
from spacy_deepal.experiment.prepare import prepare
from spacy_deepal.files import write_jsonl
from spacy_deepal.pool.shards import read_shards

from .cases import copy_case
from .pools import (
    AL_CONFIG,
    call,
    make_docs,
    make_pipeline,
    options,
    overrides,
    read_jsonl,
    write_pools,
)

RUN = "run-json-damaged"
MODEL = ["ner/model", "ner/cfg", "meta.json", "tokenizer", "vocab/strings.json", "config.cfg"]


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    """RETURNS (Callable): Gives the command for so many rounds of a run on the case's texts."""
    folder = tmp_path_factory.mktemp("cases")
    case = copy_case(RUN, folder)
    for name in ("pool", "dev"):
        assert call("convert", case / f"{name}.txt", folder / name)[0] == 0
    paths = {"pool": folder / "pool", "dev": folder / "dev", "test": folder / "dev"}

    def begin(run, rounds, **more):
        sizes = {"seed_words": 200, "budget_words": 200, "passes": 1, "min_updates": 4}
        values = overrides(paths, rounds=rounds, **sizes) | {"nlp.lang": "en"} | more
        return call("run", AL_CONFIG, run, *options(values))

    return begin


@pytest.fixture(scope="module")
def begun(begin, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "begun"
    status, output = begin(run, 1)
    assert status == 0, output
    return run


@pytest.fixture(scope="module")
def undisturbed(begin, begun, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    shutil.copytree(begun, run)
    assert begin(run, 2)[0] == 0
    return selected(run)


def selected(run):
    rounds = sorted(run.glob("round_*"))
    return [[row["id"] for row in read_jsonl(each / "selected.jsonl")] for each in rounds]


def halve(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("name", ["manifest.json", "metrics.jsonl"])
def test_run_json_damaged(begin, begun, tmp_path, name):
    run = shutil.copytree(begun, tmp_path / "run")
    halve(run / name)
    status, output = begin(run, 2)
    assert status == 1
    assert name in output
    assert "Restore the file from a copy" in output


@pytest.mark.parametrize("name", ["selected.jsonl", "entities.jsonl"])
def test_run_json_damaged_that_can_be_made_again(begin, begun, undisturbed, tmp_path, name):
    run = shutil.copytree(begun, tmp_path / "run")
    halve(run / "round_01" / name)
    status, output = begin(run, 2)
    assert status == 0, output
    assert name in output
    assert selected(run) == undisturbed


@pytest.mark.parametrize("name", MODEL)
def test_run_model_damaged(begin, begun, undisturbed, tmp_path, name):
    copy_case("run-model-damaged", tmp_path)
    run = shutil.copytree(begun, tmp_path / "run")
    halve(run / "round_01" / "model" / name)
    status, output = begin(run, 2)
    assert status == 0, output
    assert f"model was damaged ({name} was changed or cut)" in output
    assert selected(run) == undisturbed


@pytest.mark.parametrize("lines", [0, -1])
def test_selected_cut(begin, begun, undisturbed, tmp_path, lines):
    copy_case("selected-cut", tmp_path)
    run = shutil.copytree(begun, tmp_path / "run")
    file = run / "round_00" / "selected.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:lines]))
    status, output = begin(run, 2)
    assert status == 0, output
    assert "selected.jsonl" in output
    assert selected(run) == undisturbed


def test_labels_corrected_with_old_mtime(begin, tmp_path):
    copy_case("labels-corrected-with-old-mtime", tmp_path)
    run, oracle = tmp_path / "run", "spacy_deepal.FileOracle.v1"
    more = {"active_learning.oracle.@misc": oracle}

    def label(number, label=None):
        lines = read_jsonl(run / f"round_0{number}" / "to_label.jsonl")
        if label:
            end = lines[0]["tokens"][0]["end"]
            lines[0]["spans"] = [{"start": 0, "end": end, "label": label}]
        write_jsonl(run / f"round_0{number}" / "labelled.jsonl", lines)

    for number in range(2):
        status, output = begin(run, 1, **more)
        assert status == 0, output
        label(number)
    label(0, "GPE")
    os.utime(run / "round_00" / "labelled.jsonl", (0, 0))
    status, output = begin(run, 1, **more)
    assert status == 0, output
    docs = read_shards(run / "round_00" / "batch.spacy", spacy.blank("en").vocab)
    assert [ent.label_ for doc in docs for ent in doc.ents] == ["GPE"]


def test_report_odd_values(begun, tmp_path):
    copy_case("report-odd-values", tmp_path)
    for name, old, new in (
        ("manifest.json", '"arguments": {}', '"arguments": []'),
        ("metrics.jsonl", '"evaluate": ', '"evaluate": NaN, "was": '),
    ):
        run = shutil.copytree(begun, tmp_path / name)
        text = (run / name).read_text()
        assert old in text
        (run / name).write_text(text.replace(old, new))
        status, output = call("report", run)
        assert status == 1
        assert name in output


@pytest.mark.parametrize(
    "name", ["latin1.cfg", "twice.cfg", "option-twice.cfg", "interpolation.cfg"]
)
def test_config_file_broken(tmp_path, name):
    folder = copy_case("config-file-broken", tmp_path)
    status, output = call("run", folder / name, tmp_path / "run")
    assert status == 1
    assert f"{name}, line " in output


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("training.optimizer.learn_rate", "NaN", "learn_rate"),
        ("active_learning.acquisition", "null", "[active_learning] acquisition"),
        ("active_learning.oracle.@misc", "spacy.first_longest_spans_filter.v1", "oracle"),
    ],
)
def test_config_values_odd(tmp_path, option, value, message):
    """The configs of the case are older than today's keys, so today's config gets their values."""
    copy_case("config-values-odd", tmp_path)
    values = options(overrides(write_pools(tmp_path), rounds=1))
    status, output = call("run", AL_CONFIG, tmp_path / "run", *values, f"--{option}", value)
    assert status == 1
    assert message in output
    assert len(output) < 1000  # not the whole config


def test_function_gives_odd_numbers(tmp_path):
    code = copy_case("function-gives-odd-numbers", tmp_path) / "huge.py"
    make_pipeline(make_docs(5, 1)).to_disk(tmp_path / "model")
    pool = write_pools(tmp_path)["pool"]
    scores = tmp_path / "s.jsonl"
    status, output = call(
        "score", tmp_path / "model", pool, scores, "--code", code, "--acquisition", "huge.v1"
    )
    assert status == 1
    assert "A score must be a finite number." in output
    assert not scores.exists()


def test_model_not_whole(tmp_path):
    copy_case("model-not-whole", tmp_path)
    pool = write_pools(tmp_path)["pool"]
    bare = spacy.blank("xx")
    bare.add_pipe("deepal_ner")
    bare.to_disk(tmp_path / "bare")
    make_pipeline(make_docs(5, 1)).to_disk(tmp_path / "fewer")
    (tmp_path / "fewer" / "deepal_ner" / "cfg").write_text('{"labels": ["A"]}')
    for name, message in (("bare", "has no weights yet"), ("fewer", "has 1 labels")):
        status, output = call("score", tmp_path / name, pool, tmp_path / "s.jsonl")
        assert status == 1
        assert message in output
        assert not (tmp_path / "s.jsonl").exists()


def test_score_over_the_pool(tmp_path):
    copy_case("score-over-the-pool", tmp_path)
    make_pipeline(make_docs(5, 1)).to_disk(tmp_path / "model")
    pool = write_pools(tmp_path)["pool"]
    shard = sorted(pool.glob("*.spacy"))[0]
    before = shard.read_bytes()
    status, output = call("score", tmp_path / "model", pool, shard)
    assert status == 1
    assert f"{shard} is in {pool}" in output
    assert shard.read_bytes() == before


def test_scores_of_another_time(tmp_path):
    copy_case("scores-of-another-time", tmp_path)
    make_pipeline(make_docs(5, 1)).to_disk(tmp_path / "model")
    pool, scores = write_pools(tmp_path)["pool"], tmp_path / "scores"
    assert call("score", tmp_path / "model", pool, scores)[0] == 0
    select = tmp_path / "batch.spacy", "--budget-words", 50
    shard = next(scores.glob("shard_*.json"))
    whole = shard.read_bytes()
    for content in (whole.splitlines(keepends=True)[0], whole):
        shard.write_bytes(content)
        status, output = call("select", scores, pool, *select)
        assert (status, "is not whole" in output) == ((0, False) if content == whole else (1, True))
    shard.unlink()
    status, output = call("select", scores, pool, *select)
    assert (status, "it has scores of 2 of the 3 shards" in output) == (1, True)
    shard.write_bytes(whole)
    doc_bin(make_docs(3, 7)).to_disk(pool / "shard_9999.spacy")
    status, output = call("select", scores, pool, *select)
    assert (status, "it has scores of 3 of the 4 shards" in output) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize(("kill", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_stopped_leaves_drafts(tmp_path, kill, status):
    copy_case("stopped-leaves-drafts", tmp_path)
    text = tmp_path / "text" / "big.txt"
    text.parent.mkdir()
    text.write_text("".join(f"Mia Ota met number {i} in Porto.\n" for i in range(100_000)))
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "spacy", "deepal", "convert", text, out / "pool"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 120
        while not list(out.glob(".pool.*/*.spacy")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(kill)
    finally:
        process.communicate(timeout=120)
    assert process.returncode == status
    text.write_text("Mia Ota left.\n")
    if kill == signal.SIGTERM:
        assert list(out.iterdir()) == []
    assert call("convert", text, out / "pool")[0] == 0
    assert [path.name for path in out.iterdir()] == ["pool"]


def test_prepare_half_replaced(tmp_path, monkeypatch):
    """Killed after the new pools are there and before they are in their places."""
    copy_case("prepare-half-replaced", tmp_path)
    data, corpus = tmp_path / "data", tmp_path / "corpus"
    data.mkdir()

    def make(word):
        for split in ("train", "dev", "test"):
            (data / f"{split}.txt").write_text(f"{word} {split}\n")
        prepare(data, corpus)

    def texts():
        docs = (read_shards(corpus / name, spacy.blank("en").vocab) for name in ("train", "test"))
        return [doc.text.split()[0] for split in docs for doc in split]

    make("old")
    with monkeypatch.context() as patch:
        patch.setattr("spacy_deepal.files.finish_replacement", stop)
        with pytest.raises(KeyboardInterrupt):
            make("new")
    (data / "dev.txt").write_bytes(b"\xff")
    status, output = call("prepare", data, corpus)
    assert status == 1
    assert "not UTF-8" in output
    assert texts() == ["new", "new"]


def stop(folder):
    raise KeyboardInterrupt


def test_scores_on_words_nobody_has(tmp_path):
    """Chinese data with words, and a tokenizer that gives characters."""
    copy_case("scores-on-words-nobody-has", tmp_path)
    rows = "# text = 天河好\n天河\tB-LOC\n好\tO\n\n# text = 广州大\n广州\tB-LOC\n大\tO\n\n" * 20
    rows = "".join(f"# doc_id = {i}\n{row}\n\n" for i, row in enumerate(rows.strip().split("\n\n")))
    (tmp_path / "train.iob2").write_text(rows, encoding="utf8")
    assert call("convert", tmp_path / "train.iob2", tmp_path / "zh", "--lang", "zh")[0] == 0
    paths = dict.fromkeys(("pool", "dev", "test"), tmp_path / "zh")
    values = overrides(paths, rounds=1, seed_words=20, budget_words=20) | {"nlp.lang": "zh"}
    with pytest.warns(UserWarning, match="makes only 50% of the tokens|F1 on raw text is much"):
        status, output = call("run", AL_CONFIG, tmp_path / "run", *options(values))
    assert status == 0, output
    assert "raw text F" in output
    lines = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    assert all(np.isfinite(line["raw_ents_f"]) for line in lines)
