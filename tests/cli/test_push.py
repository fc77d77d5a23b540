"""`push` and `pull`: a batch goes to a tool, and answers come back."""

import json
import os
import signal
import subprocess
import sys

import pytest

from spacy_deepal.annotation.studio_client import TOKEN
from spacy_deepal.rounds.run_folder import RunFolder

from ..annotation import fake_studio
from ..annotation.waiting_run import begin_run, gold_spans, selected
from ..pools import AL_CONFIG, call, options, overrides, write_pools


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture
def run(paths, tmp_path):
    begin_run(paths, tmp_path / "run")
    return tmp_path / "run"


def label_editor(file, names):
    """Mark some sentences as done, without an entity."""
    text = file.read_text("utf8")
    for name in names:
        text = text.replace(f"# todo {name}\n", f"# done {name}\n")
    file.write_text(text, "utf8")


def test_a_batch_goes_to_a_text_file_and_answers_come_back(run, tmp_path):
    status, output = call("push", run, tmp_path / "batch.txt", "--to", "editor")
    names = selected(run)
    assert status == 0
    assert f"To be labelled: {len(names)} sentences: " in output
    assert f"pull {run} {tmp_path / 'batch.txt'}" in output
    label_editor(tmp_path / "batch.txt", names[:2])
    status, output = call("pull", run, tmp_path / "batch.txt")
    assert (status, f"2 of {len(names)} sentences" in output) == (0, True)
    assert "new answers: 2" in output
    assert "new answers: 0" in call("pull", run, tmp_path / "batch.txt")[1]


def test_a_file_of_answers_that_is_empty_is_named(run, tmp_path):
    (tmp_path / "answers.jsonl").write_text("\n")
    status, output = call("pull", run, tmp_path / "answers.jsonl")
    assert (status, "answers.jsonl: it is empty, so it may be cut off" in output) == (1, True)


def test_the_rest_of_a_batch_can_go_to_another_tool(run, tmp_path):
    call("push", run, tmp_path / "batch.txt", "--to", "editor")
    names = selected(run)
    label_editor(tmp_path / "batch.txt", names[:2])
    call("pull", run, tmp_path / "batch.txt")
    call("push", run, tmp_path / "rest.jsonl", "--to", "prodigy")
    rest = [json.loads(line) for line in (tmp_path / "rest.jsonl").read_text().splitlines()]
    assert [task["id"] for task in rest] == names[2:]


def test_nothing_is_taken_of_files_with_a_wrong_line(run, tmp_path):
    first, second, *_ = selected(run)
    lines = [{"id": first, "spans": []}, {"id": second, "spans": [[0, 999, "PER"]]}, {"id": "x"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    status, output = call("pull", run, tmp_path / "a.jsonl")
    assert (status, "Nothing was taken. Problems: 2." in output) == (1, True)
    assert "a.jsonl:2: under 'spans': [0, 999, \"PER\"] is not" in output
    assert "a.jsonl:3: no sentence that was asked for has the id 'x'" in output
    assert not (run / "round_00" / "labelled.jsonl").exists()


def test_answers_that_contradict_each_other_are_kept_and_shown(run, tmp_path):
    first, *others = selected(run)
    label = gold_spans()
    named = next(name for name in [first, *others] if label[name])
    for who, spans in {"ada": label[named], "bob": []}.items():
        (tmp_path / who).mkdir()
        (tmp_path / who / "all.jsonl").write_text(json.dumps({"id": named, "spans": spans}))
    call("pull", run, tmp_path / "ada")
    status, output = call("pull", run, tmp_path / "bob" / "all.jsonl")
    assert (status, "Answers that need you before the run goes on: 1" in output) == (0, True)
    assert "no entity (bob/all.jsonl:1)" in output


def test_a_file_replaces_what_it_said_before(run, tmp_path):
    label = gold_spans()
    named = next(name for name in selected(run) if label[name])
    for spans in ([], label[named]):
        (tmp_path / "a.jsonl").write_text(json.dumps({"id": named, "spans": spans}))
        _, output = call("pull", run, tmp_path / "a.jsonl")
        assert "1 of 6" in output
        assert "need you" not in output
    (line,) = (run / "round_00" / "labelled.jsonl").read_text().splitlines()
    assert len(json.loads(line)["spans"]) == len(label[named])


def test_a_server_is_read_with_the_same_options_as_files(run, monkeypatch):
    monkeypatch.setenv(TOKEN, fake_studio.TOKEN)
    with fake_studio.fake_studio() as studio:
        call("push", run, "--url", studio.url)
        studio.annotate(selected(run)[0], [])
        _, output = call("pull", run, "--text-key", "round")
        assert f"so they are not taken: {len(selected(run))}" in output
        assert "the text was changed" in output
        assert "so they are not taken" not in call("pull", run, "--offsets", "utf16")[1]


@pytest.mark.parametrize(
    "option", [("--encoding", "latin-1"), ("--spans-key", "marks"), ("--confirmed",)]
)
def test_how_to_read_files_is_not_said_of_a_server(tmp_path, option):
    status, output = call("pull", tmp_path / "run", *option)
    assert (status, "are about files, and none is named" in output) == (1, True)


def test_a_run_that_does_not_wait_has_nothing_to_push(tmp_path):
    status, output = call("push", tmp_path, "x.txt", "--to", "editor")
    assert (status, "is not a run folder" in output) == (1, True)
    status, output = call("push", tmp_path, "--to", "doccano")
    assert (status, "Name the file to write." in output) == (1, True)


@pytest.mark.parametrize("option", ["--url", "--project"])
def test_a_batch_goes_to_a_file_or_to_a_server(run, tmp_path, option):
    file = tmp_path / "tasks.json"
    status, output = call("push", run, file, option, "http://localhost:8080")
    assert (status, "Leave out one or the other." in output) == (1, True)
    assert not file.exists()


@pytest.mark.slow
def test_a_run_that_waits_goes_on_by_itself_and_ends_cleanly_with_ctrl_c(paths, tmp_path):
    """Label Studio with `run --wait`: one round is labelled, then Ctrl+C in the next one."""
    with fake_studio.fake_studio() as studio:
        values = overrides(paths) | {
            "active_learning.oracle.@misc": "spacy_deepal.LabelStudioOracle.v1",
            "active_learning.oracle.url": studio.url,
        }
        command = ["run", AL_CONFIG, tmp_path / "run", "--wait", *options(values)]
        output = ""
        with subprocess.Popen(
            [sys.executable, "-m", "spacy", "deepal", *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, TOKEN: fake_studio.TOKEN, "OMP_NUM_THREADS": "1"},
            # A shell that runs the tests in the background has them ignore Ctrl+C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            for line in process.stdout:
                output += line
                if "Waiting for them. Ctrl+C ends this" in line:
                    if "by seed" in output:
                        process.send_signal(signal.SIGINT)
                    else:
                        label_all(studio)
    assert process.returncode == 130, output
    assert "sentences wait to be labelled in Label Studio" in output
    assert output.count("Waiting for them. Ctrl+C ends this") == 2
    assert "Stopped. What is finished is kept." in output
    assert "Traceback" not in output
    assert fake_studio.TOKEN not in output
    assert len(RunFolder(tmp_path / "run").metrics) == 1


def label_all(studio):
    """Label what is there as the gold says."""
    for task in studio.tasks[1]:
        if not task["annotations"]:
            studio.annotate(task["data"]["id"], gold_spans()[task["data"]["id"]])


def finish_doccano(file, done):
    """Two sentences are labelled anew, and the rest is exported as it was imported."""
    records = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    for record in records:
        record["Comments"] = []
        if record["id"] in done:
            record["label"] = [[0, len(record["text"].strip()), "PER"]]
    file.write_text("\n".join(map(json.dumps, records)), "utf8")


def finish_brat(folder, done):
    for name in done:
        text = (folder / f"{name}.txt").read_text("utf8").strip()
        (folder / f"{name}.ann").write_text(f"T1\tPER 0 {len(text)}\t{text}\n", "utf8")


@pytest.mark.parametrize("tool", ["doccano", "brat"])
def test_what_is_as_it_went_out_is_still_to_do_unless_somebody_has_looked_at_it(
    run, tmp_path, tool
):
    output, names = tmp_path / "out", selected(run)
    _, printed = call("push", run, output, "--to", tool)
    assert f"pull {run} {output}" not in printed
    assert f"pull {run} {'approved.jsonl' if tool == 'doccano' else 'done'}" in printed
    status, printed = call("pull", run, output)
    assert (status, f"0 of {len(names)} sentences" in printed) == (0, True)
    assert f"so they are still to do: {len(names)}" in " ".join(printed.split())
    {"doccano": finish_doccano, "brat": finish_brat}[tool](output, names[:2])
    _, printed = call("pull", run, output)
    assert "2 of 6" in printed
    assert f"still to do: {len(names) - 2}" in " ".join(printed.split())
    _, printed = call("pull", run, output, "--confirmed")
    assert f"{len(names)} of {len(names)} sentences" in printed
    _, printed = call("pull", run, output)  # nothing is taken back
    assert "new answers: 0" in printed
    assert "still to do" not in printed


def test_what_the_run_asks_for_is_no_answer(run):
    status, output = call("pull", run, run / "round_00" / "to_label.jsonl")
    assert (status, "so nobody has labelled it" in output) == (1, True)
    assert not (run / "round_00" / "labelled.jsonl").exists()


@pytest.mark.parametrize(
    ("tool", "file"), [("label-studio", "export.json"), ("prodigy", "answers.jsonl")]
)
def test_what_is_pulled_is_what_the_tool_exports_and_not_what_it_got(run, tmp_path, tool, file):
    status, printed = call("push", run, tmp_path / "out", "--to", tool)
    assert status == 0
    assert f"pull {run} {file}" in printed
