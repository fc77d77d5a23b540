"""Runs side by side are the runs that one process does one after the other."""

import os
import signal
from functools import partial
from time import sleep

import pytest
import torch
from thinc.api import Config

from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.jobs import do_jobs
from spacy_deepal.files import read_json, write_json

CODE = """
from spacy.util import registry

@registry.misc("twice.v1")
def twice(number):
    return 2 * number
"""


def note_process(path):
    write_json(path, [os.getpid(), torch.get_num_threads()])


def fail(error):
    raise error


def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def leave_slowly(path):
    sleep(0.5)
    path.touch()


def resolve(config, path):
    from spacy.util import registry

    write_json(path, registry.resolve(config)["number"])


@pytest.mark.parametrize("processes", [1, 2])
def test_all_jobs_are_done(processes, tmp_path):
    do_jobs([partial(note_process, tmp_path / name) for name in "abcde"], processes)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*"abcde"]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_job_has_one_thread_in_this_process_and_in_others(processes, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        do_jobs([partial(note_process, tmp_path / "a")], processes)
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)
    process, threads = read_json(tmp_path / "a")
    assert (process == os.getpid()) == (processes == 1)
    assert threads == 1


@pytest.mark.parametrize("error", [DeepALError("It is not there."), KeyboardInterrupt("Ctrl-C")])
def test_an_error_arrives_and_what_has_not_begun_is_left(tmp_path, error):
    jobs = [partial(fail, error), *(partial(leave_slowly, tmp_path / str(n)) for n in range(8))]
    with pytest.raises(type(error), match=str(error)):
        do_jobs(jobs, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


def test_a_killed_process_is_named_and_the_remedy(tmp_path):
    with pytest.raises(DeepALError, match=r"was killed\. .* with fewer processes"):
        do_jobs([be_killed, partial(leave_slowly, tmp_path / "b")], 2)


def test_processes_import_the_users_code(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(CODE, encoding="utf8")
    config = Config({"number": {"@misc": "twice.v1", "number": 21}})
    do_jobs([partial(resolve, config, tmp_path / "told")], 2, code=file)
    assert read_json(tmp_path / "told") == 42
