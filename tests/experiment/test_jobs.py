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

CODE = """
from spacy.util import registry

@registry.misc("twice.v1")
def twice(number):
    return 2 * number
"""


def count_to(last, on_round):
    for number in range(last):
        on_round(number)


def tell_process(on_round):
    on_round((os.getpid(), torch.get_num_threads()))


def fail(path, on_round):
    raise DeepALError(f"{path} is not there. Name another.")


def be_killed(on_round):
    os.kill(os.getpid(), signal.SIGKILL)


def leave_slowly(path, on_round):
    sleep(0.5)
    path.touch()


def resolve(config, on_round):
    from spacy.util import registry

    on_round(registry.resolve(config)["number"])


@pytest.mark.parametrize("processes", [1, 2])
def test_what_jobs_report_arrives_in_order(processes):
    begun, told = [], {"a": [], "b": [], "c": []}
    jobs = {title: partial(count_to, last) for title, last in zip("abc", (3, 0, 5), strict=True)}
    do_jobs(jobs, processes, begin=begun.append, progress=lambda title, n: told[title].append(n))
    assert sorted(begun) == ["a", "b", "c"]
    assert told == {"a": [0, 1, 2], "b": [], "c": [0, 1, 2, 3, 4]}


def test_one_process_is_this_one():
    told = []
    do_jobs({"a": tell_process}, progress=lambda title, line: told.append(line))
    assert told == [(os.getpid(), torch.get_num_threads())]


def test_processes_share_the_threads():
    before, told = torch.get_num_threads(), []
    torch.set_num_threads(4)
    try:
        do_jobs({"a": tell_process}, 2, progress=lambda title, line: told.append(line))
    finally:
        torch.set_num_threads(before)
    [(process, threads)] = told
    assert process != os.getpid()
    assert threads == 2


def test_an_error_arrives_and_what_has_not_begun_is_left(tmp_path):
    jobs = {"a": partial(fail, "pool.spacy")}
    jobs |= {str(n): partial(leave_slowly, tmp_path / str(n)) for n in range(8)}
    with pytest.raises(DeepALError, match=r"^pool.spacy is not there. Name another.$"):
        do_jobs(jobs, 2)
    assert not (tmp_path / "7").exists()


def test_a_killed_process_is_named_and_the_remedy(tmp_path):
    jobs = {"a": be_killed, "b": partial(leave_slowly, tmp_path / "b")}
    with pytest.raises(DeepALError, match=r"was killed\. .* --processes 1"):
        do_jobs(jobs, 2)


def test_after_an_interrupt_no_job_begins(tmp_path):
    """Also not the one that the pool has handed out already."""
    jobs = {str(n): partial(leave_slowly, tmp_path / str(n)) for n in range(8)}
    begun = []

    def interrupt(title):
        begun.append(title)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_jobs(jobs, 2, begin=interrupt)
    assert len(begun) == 1
    assert len(list(tmp_path.iterdir())) <= 2


def test_processes_import_the_users_code(tmp_path):
    file, told = tmp_path / "mine.py", []
    file.write_text(CODE, encoding="utf8")
    config = Config({"number": {"@misc": "twice.v1", "number": 21}})
    jobs = {"a": partial(resolve, config)}
    do_jobs(jobs, 2, code=file, progress=lambda title, line: told.append(line))
    assert told == [42]
