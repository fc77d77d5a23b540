"""Every command may be killed at any of its changes of the disk: the next start ends the same."""

import os
import random
import shutil
import time

import pytest
import spacy

from spacy_deepal.files import write_jsonl
from spacy_deepal.labelling.journal import Journal, NewLabel

from .annotation.waiting_run import begin_run, selected
from .kills import (
    command,
    content,
    ends_the_same_after_any_kill,
    in_a_fork,
    interrupt,
    killed_after,
)
from .pools import (
    AL_CONFIG,
    make_docs,
    make_pipeline,
    options,
    overrides,
    quick,
    read_jsonl,
    write_pools,
)
from .report.build import make_run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are tried in forks")


@pytest.fixture(scope="module", autouse=True)
def quick_commands():
    with quick():
        yield


@pytest.fixture
def begin(tmp_path):
    """A folder with texts, pools, a model and scores."""
    folder = tmp_path / "begin"
    write_pools(folder, pool=make_docs(9, 1), dev=make_docs(5, 2), test=make_docs(5, 3))
    for name in ("train", "dev", "test"):
        (folder / "texts").mkdir(exist_ok=True)
        (folder / "texts" / f"{name}.txt").write_text(f"Mia left {name}.\n" * 3)
    write_jsonl(folder / "late.jsonl", [{"text": "Mia left."}, {"text": "Mia left.", "spans": []}])
    make_pipeline(make_docs(5, 1)).to_disk(folder / "model")
    return folder


COMMANDS = {
    "convert": [
        "convert",
        "FOLDER/texts",
        "FOLDER/out",
        "--lang",
        "xx",
        "--sentences-per-shard",
        4,
    ],
    "convert over a pool": ["convert", "FOLDER/texts", "FOLDER/dev", "--lang", "xx"],
    "convert with a later label": [
        "convert",
        "FOLDER/late.jsonl",
        "FOLDER/dev",
        "--lang",
        "xx",
    ],
    "prepare": ["prepare", "FOLDER/texts", "FOLDER/out", "--lang", "xx"],
    "prepare over pools": ["prepare", "FOLDER/texts", "FOLDER", "--lang", "xx"],
    "export": ["export", "FOLDER/pool", "FOLDER/out.conll", "--format", "conll2003", "--force"],
    "export over a file": [
        *("export", "FOLDER/pool", "FOLDER/texts/dev.txt", "--format", "iob2", "--force")
    ],
    "vectors": ["vectors", "FOLDER/pool", "FOLDER/out", "--from-text", "--dim", 4, "--lang", "xx"],
    "score": ["score", "FOLDER/model", "FOLDER/pool", "FOLDER/scores"],
    "init-config": ["init-config", "FOLDER/al.cfg", "--force", "--lang", "xx"],
}


QUICK = ("convert over a pool", "export over a file", "score", "init-config")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in COMMANDS],
)
def test_a_command_ends_the_same_after_a_kill_at_any_change(name, begin, tmp_path):
    here = tmp_path / "here"
    steps = ends_the_same_after_any_kill(command(*COMMANDS[name]), begin, here)
    assert steps >= 3


@pytest.mark.parametrize("name", ["convert over a pool", "score", "vectors"])
def test_ctrl_c_is_130_and_the_next_start_ends_the_same(name, begin, tmp_path):
    here, work = tmp_path / "here", command(*COMMANDS[name])
    shutil.copytree(begin, here)
    _, steps = in_a_fork(work, here)
    expected = content(here)
    for step in (len(steps) // 2, len(steps) - 1):
        shutil.rmtree(here)
        shutil.copytree(begin, here)
        stopped = command(*COMMANDS[name], ends=130, says="Stopped.")
        assert in_a_fork(stopped, here, step, interrupt)[0] == 0
        assert not list(here.rglob(".*"))
        assert in_a_fork(work, here)[0] == 0
        assert content(here) == expected


def to_a_full_disk(args, most, says):
    """RETURNS (Callable): Runs a command that can write no file of more than so many bytes."""

    def work(folder):
        import resource  # there is none on Windows

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        command(*args, ends=1, says=says)(folder)

    return work


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("convert over a pool", "dev/pool.index"),
        ("prepare over pools", "train/pool.index"),
        ("export over a file", "texts/dev.txt"),
        ("vectors", "out"),
        ("score", "scores/shard_0000.json"),
        ("init-config", "al.cfg"),
    ],
)
def test_a_full_disk_is_named_and_leaves_all_as_it_was(name, written, begin, tmp_path):
    here, work = tmp_path / "here", command(*COMMANDS[name])
    shutil.copytree(begin, here)
    says = f"{here / written} cannot be written: File too large. Make room there"
    assert in_a_fork(to_a_full_disk(COMMANDS[name], 100, says), here)[0] == 0
    assert content(here) == content(begin)
    assert in_a_fork(work, here)[0] == 0


def test_select_ends_the_same_after_a_kill_at_any_change(begin, tmp_path):
    scores, pool, batch = (f"FOLDER/{name}" for name in ("scores", "pool", "batch.spacy"))
    command("score", "FOLDER/model", pool, scores)(begin)
    work = command("select", scores, pool, batch, "--budget-words", 20)
    assert ends_the_same_after_any_kill(work, begin, tmp_path / "here") >= 3


@pytest.fixture
def runs(begin):
    """The folder, with a run that waits for labels, answers for it, and a run to report."""
    begin_run({name: begin / name for name in ("pool", "dev", "test")}, begin / "run")
    answers = [{"id": name, "spans": []} for name in selected(begin / "run")]
    write_jsonl(begin / "answers.jsonl", answers)
    make_run(begin / "done")
    return begin


@pytest.mark.parametrize(
    ("args", "least"),
    [
        (["push", "FOLDER/run", "FOLDER/out.jsonl", "--to", "prodigy"], 3),
        (["push", "FOLDER/run", "FOLDER/out", "--to", "brat"], 5),
        (["pull", "FOLDER/run", "FOLDER/answers.jsonl"], 3),
        pytest.param(
            ["report", "FOLDER/done", "-o", "FOLDER/page.html", "--figure", "FOLDER/curve.png"],
            6,
            marks=pytest.mark.slow,
        ),
    ],
    ids=["push", "push to brat", "pull", "report"],
)
def test_push_pull_and_report_end_the_same_after_a_kill_at_any_change(args, least, runs, tmp_path):
    work = command(*args)
    assert ends_the_same_after_any_kill(work, runs, tmp_path / "here", alike=False) >= least


def test_no_answer_is_lost_or_doubled_by_a_kill_at_any_change_of_the_journal(tmp_path):
    begin = tmp_path / "begin"
    begin.mkdir()
    events = [NewLabel(at="2026-01-01T00:00:00+00:00", by="me", label=f"L{n}") for n in range(4)]

    def work(folder):
        journal = Journal(folder / "journal.jsonl")
        known = list(journal.read_new())
        for event in events[len(known) :]:
            journal.append(event)

    def seen(folder):
        return list(Journal(folder / "journal.jsonl").read_new())

    assert ends_the_same_after_any_kill(work, begin, tmp_path / "here", seen) >= 8


@pytest.fixture
def run_of(begin):
    """RETURNS (Callable): Does a run of so many rounds on the pools of a folder."""

    def run_of(rounds):
        paths = {name: f"FOLDER/{name}" for name in ("pool", "dev", "test")}
        sizes = {"seed_words": 10, "budget_words": 10, "passes": 1, "min_updates": 2}
        values = overrides(paths, rounds=rounds, evaluations=1, **sizes)
        return command("run", AL_CONFIG, "FOLDER/run", *options(values))

    return run_of


def outcome(folder):
    """What must not depend on kills: the metrics without times, ids, labels and the last model."""
    run = folder / "run"
    metrics = [{**line, "seconds": None} for line in read_jsonl(run / "metrics.jsonl")]
    rounds = sorted(run.glob("round_*"))
    names = ("selected.jsonl", "batch.spacy", "entities.jsonl")
    files = {f"{here.name}/{name}": here / name for here in rounds for name in names}
    found = {name: file.read_bytes() for name, file in files.items() if file.exists()}
    nlp = spacy.load(rounds[-1] / "model")
    hidden = [path.name for path in folder.rglob(".*") if path.name != ".lock"]
    return metrics, found, nlp.get_pipe("ner").to_bytes(), hidden


@pytest.mark.slow
def test_a_run_ends_the_same_after_a_kill_at_a_fifth_of_its_changes(begin, run_of, tmp_path):
    here = tmp_path / "here"
    tried = ends_the_same_after_any_kill(run_of(1), begin, here, outcome, alike=False, every=5)
    assert tried >= 20


@pytest.mark.slow
def test_a_soak_of_50_random_kills(begin, run_of, tmp_path):
    """Runs are killed at random moments until they end; each ends as one that was left alone."""
    draw, kills, ended = random.Random(0), 0, 0
    here, work = tmp_path / "here", run_of(1)
    shutil.copytree(begin, here)
    start = time.monotonic()
    assert not killed_after(work, here, 600)
    whole, expected = time.monotonic() - start, outcome(here)
    while kills < 50:
        shutil.rmtree(here)
        shutil.copytree(begin, here)
        while killed_after(work, here, draw.uniform(0.05, whole) if kills < 50 else 600):
            kills += 1
        assert outcome(here) == expected
        ended += 1
    assert ended > 1
