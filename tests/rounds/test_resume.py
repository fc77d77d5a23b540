"""A run may be killed at any moment: started again, it ends as one that was never interrupted."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy
import torch
from spacy.language import Language
from spacy.util import load_model

from spacy_deepal import sealed
from spacy_deepal.errors import DeepALError, LabelsAwaited
from spacy_deepal.rounds import loop, run, training
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.training import Training
from spacy_deepal.sealed import RowFile

from ..pools import AL_CONFIG, options, overrides, quick_config, read_jsonl, write_sealed_values
from ..tagger.build import network_of


def outcome(path):
    """RETURNS (dict): All that must not depend on interruptions."""
    metrics = read_jsonl(path / "metrics.jsonl")
    for line in metrics:
        assert list(line.pop("seconds")) == ["score", "select", "train", "evaluate"]
    rounds = sorted(path.glob("round_*"))
    return {
        "metrics": metrics,
        "selected": [(here / "selected.jsonl").read_bytes() for here in rounds],
        "batches": [(here / "batch.spacy").read_bytes() for here in rounds],
    }


def assert_same_end(path, other):
    """The same metrics, ids and labels, and the same weights in the end."""
    assert outcome(path) == outcome(other)
    last = sorted(path.glob("round_*"))[-1].name
    weights, others = (
        network_of(load_model(each / last / "model"), "ner").state_dict() for each in (path, other)
    )
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())
    assert not list(path.glob("round_*/training"))


@pytest.fixture
def snapshots(monkeypatch, tmp_path):
    """Copies of the run folder as a process leaves it that is killed right before a file or folder
    takes its place, or right after spaCy has written a pipeline."""
    source, copies = tmp_path / "run", []
    replace, to_disk = Path.replace, Language.to_disk

    def copy(moment):
        if source.exists():
            copies.append((moment, tmp_path / f"killed_{len(copies):02}"))
            shutil.copytree(source, copies[-1][1])

    def copy_and_replace(self, target):
        copy(f"before {Path(target).relative_to(tmp_path)}")
        return replace(self, target)

    def save_and_copy(self, path, **kwargs):
        to_disk(self, path, **kwargs)
        copy(f"after writing {Path(path).relative_to(tmp_path)}")

    monkeypatch.setattr(Path, "replace", copy_and_replace)
    monkeypatch.setattr(Language, "to_disk", save_and_copy)
    return copies


def test_killed_at_any_write_a_run_ends_the_same(paths, snapshots, monkeypatch, tmp_path):
    config = quick_config(paths, rounds=1, min_updates=4, evaluations=1)
    end = run_loop(config, tmp_path / "run")
    monkeypatch.undo()
    expected = ["run/manifest", "run/", "run/initial"]  # the seal is in a draft with a dot
    for here in ("run/round_00", "run/round_01"):
        scored = ("shard_0000", "shard_0001", "shard_0002", "scores")  # scores.finished
        files = [f"scores/{name}" for name in scored]
        files += ["seconds", "seconds", "selected", "batch", "training/model-best/seal"]
        files += ["seconds", "model", "entities", "seconds"]
        expected += [f"{here}/{name}" for name in files] + ["run/metrics"]
    moments = [moment.split(".")[0] for moment, _ in snapshots]
    assert [m.removeprefix("before ") for m in moments if m.startswith("before")] == expected
    assert sum(moment.startswith("after writing") for moment in moments) >= 7
    for moment, copy in snapshots:
        assert run_loop(config, copy) == end
        assert_same_end(copy, tmp_path / "run")
        assert [path.parent.name for path in copy.glob("round_*/model")] == ["round_01"], moment


STEPS = [
    (Training, "initialize"),
    (training, "init_nlp"),
    (run, "save_pipeline"),
    (loop, "score_pool"),
    (loop, "select"),
    (RowFile, "write"),
    (loop, "fetch"),
    (loop, "write_docs"),
    (Training, "train_round"),
    (training, "train"),
    (loop, "replace_folder"),
    (loop, "evaluate_pipeline"),
    (RowFile, "write"),
    (sealed, "write_sealed"),
]


class Crash(BaseException):
    pass


def crash(*args, **kwargs):
    raise Crash


def test_a_run_that_fails_at_each_of_its_steps_in_turn_ends_the_same(
    paths, finished, monkeypatch, tmp_path
):
    for number in range(3):
        done = len(read_jsonl(tmp_path / "run" / "metrics.jsonl")) if number else 0
        assert done == number
        for module, name in STEPS[3 if number else 0 :]:
            with monkeypatch.context() as patch:
                patch.setattr(module, name, crash)
                with pytest.raises(Crash):
                    run_loop(quick_config(paths), tmp_path / "run")
        with pytest.raises(Crash):
            run_loop(quick_config(paths), tmp_path / "run", on_round=crash)
    assert run_loop(quick_config(paths), tmp_path / "run") == finished.end
    assert_same_end(tmp_path / "run", finished.path)


def test_a_run_interrupted_while_it_trains_ends_the_same(paths, finished, monkeypatch, tmp_path):
    """As by Ctrl-C: spaCy then saves a model-last, which must not pass for the round's model."""
    from spacy_deepal.tagger.component import DeepNER

    update, left = DeepNER.update, 14  # in the second round

    def interrupted(self, *args, **kwargs):
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return update(self, *args, **kwargs)

    monkeypatch.setattr(DeepNER, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_loop(quick_config(paths), tmp_path / "run")
    assert len(read_jsonl(tmp_path / "run" / "metrics.jsonl")) == 1
    assert (tmp_path / "run" / "round_01" / "training" / "model-last").exists()
    run_loop(quick_config(paths), tmp_path / "run")
    assert_same_end(tmp_path / "run", finished.path)


def test_a_round_that_is_started_again_does_not_choose_again(paths, monkeypatch, tmp_path):
    """What people may be labelling already stays what it is."""
    with monkeypatch.context() as patch:
        patch.setattr(loop, "fetch", crash)
        with pytest.raises(Crash):
            run_loop(quick_config(paths), tmp_path / "run")
    monkeypatch.setattr(loop, "score_pool", crash)
    with pytest.raises(Crash):
        run_loop(quick_config(paths), tmp_path / "run")
    assert len(read_jsonl(tmp_path / "run" / "metrics.jsonl")) == 1  # so the next round crashed


def test_a_half_removed_model_of_an_earlier_round_is_removed(paths, finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "run")
    (tmp_path / "run" / "round_00" / "model" / "meta.json").unlink()
    lines = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    write_sealed_values(tmp_path / "run" / "metrics.jsonl", lines[:2])
    shutil.rmtree(tmp_path / "run" / "round_02")
    run_loop(quick_config(paths), tmp_path / "run")
    assert_same_end(tmp_path / "run", finished.path)
    assert not (tmp_path / "run" / "round_00" / "model").exists()


def test_a_run_that_has_begun_goes_on_with_its_own_code_and_vectors_alone(paths, tmp_path):
    code, moved = tmp_path / "own.py", tmp_path / "moved.py"
    code.write_text("SETTING = 1")
    moved.write_text("SETTING = 1")
    spacy.blank("xx").to_disk(tmp_path / "vectors")
    oracle = {"active_learning.oracle": {"@misc": "spacy_deepal.FileOracle.v1"}}
    config = quick_config(paths, more={**oracle, "paths.vectors": str(tmp_path / "vectors")})
    for own in (code, moved):
        with pytest.raises(LabelsAwaited):
            run_loop(config, tmp_path / "run", code=own)
    code.write_text("SETTING = 2")
    (tmp_path / "vectors" / "more").touch()
    with pytest.raises(DeepALError) as caught:
        run_loop(config, tmp_path / "run", code=code)
    changed = [line.split(":")[0] for line in str(caught.value).split("\n- ")[1:]]
    assert changed == ["vectors.fingerprint", "--code"]


WAITS = '''
"""Has a step of the loop wait to be killed: WAIT_IN=module.function:number of the call."""
import os
import time

from spacy_deepal.rounds import loop, training

target, _, number = os.environ.get("WAIT_IN", "").partition(":")
module, _, name = target.partition(".")
if target:
    module = {"loop": loop, "training": training}[module]
    function, calls = getattr(module, name), []

    def wait(*args, **kwargs):
        calls.append(name)
        if len(calls) == int(number):
            print("waiting", flush=True)
            time.sleep(300)
        return function(*args, **kwargs)

    setattr(module, name, wait)
'''


@pytest.fixture
def start(paths, tmp_path):
    """Start `spacy deepal run` in a process of its own."""
    (tmp_path / "waits.py").write_text(WAITS)
    started = []

    def start(wait_in=""):
        command = [sys.executable, "-m", "spacy", "deepal", "run", AL_CONFIG, tmp_path / "run"]
        command += ["--code", tmp_path / "waits.py", *options(overrides(paths))]
        process = subprocess.Popen(
            command,
            env={**os.environ, "WAIT_IN": wait_in, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition, process):
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)


def kill(process):
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_at_many_moments_a_run_ends_the_same(start, paths, finished, tmp_path):
    """One run, killed again and again by SIGKILL."""
    path = tmp_path / "run"

    process = start()  # while the initial pipeline is written
    wait_for(lambda: any(path.glob(".initial.*.part")), process)
    kill(process)

    for wait_in, there, not_yet in (
        ("loop.fetch:1", "round_00/selected.jsonl", "round_00/batch.spacy"),
        ("training.train:1", "round_00/batch.spacy", "round_00/model"),
        ("loop.replace_folder:1", "round_00/training/model-best", "round_00/model"),
        ("loop.evaluate_pipeline:1", "round_00/model", "metrics.jsonl"),
        ("loop.score_pool:1", "metrics.jsonl", "round_01/selected.jsonl"),
        ("loop.fetch:1", "round_01/selected.jsonl", "round_01/batch.spacy"),
    ):
        process = start(wait_in)
        while "waiting" not in process.stdout.readline():
            assert process.poll() is None, process.communicate()
        assert (path / there).exists()
        assert not (path / not_yet).exists()
        with pytest.raises(DeepALError, match="Another process is running"):
            run_loop(quick_config(paths), path)
        kill(process)

    process = start()  # amid training
    wait_for((path / "round_01" / "training" / "model-last").exists, process)
    kill(process)
    process = start()  # as soon as it is at the last round
    wait_for((path / "round_02").exists, process)
    kill(process)

    process = start()
    output, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert "Rounds done: 2." in output
    assert_same_end(path, finished.path)


@pytest.mark.parametrize("name", ["metrics.jsonl", "round_00/entities.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_named_and_kept(name, finished, paths, tmp_path):
    shutil.copytree(finished.path, tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    (tmp_path / "run" / name).mkdir()
    with pytest.raises(DeepALError, match=f"{name} is a folder, and a file must be there. Move"):
        run_loop(quick_config(paths), tmp_path / "run")
    assert (tmp_path / "run" / name).is_dir()
