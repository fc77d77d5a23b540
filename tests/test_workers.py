"""Worker processes do all items, report what fails, and never outlive what began them."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children, get_context
from pathlib import Path

import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.workers import in_processes

STARTS_WORKERS = """
import sys
from tests.test_workers import make_sleeper
from spacy_deepal.workers import in_processes
from functools import partial
if __name__ == "__main__":
    list(in_processes(partial(make_sleeper, sys.argv[1]), range(2), 2))
"""


def make_doubler():
    return lambda number: (2 * number, os.getpid())


def make_nothing():
    raise DeepALError("There is no model.")


def make_sleeper(folder):
    def sleep(number):
        Path(folder, str(os.getpid())).touch()
        time.sleep(60)

    return sleep


def is_running(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().split(")")[1]
    except FileNotFoundError:
        return False


def wait_until(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within 30 seconds")


def test_all_items_are_done_in_other_processes():
    done = list(in_processes(make_doubler, range(9), 2))
    assert sorted(number for number, _ in done) == list(range(0, 18, 2))
    assert 1 <= len({process for _, process in done} - {os.getpid()}) <= 2


def test_no_more_items_are_read_than_the_processes_need():
    read = []

    def items():
        for number in range(40):
            read.append(number)
            yield number

    for count, _ in enumerate(in_processes(make_doubler, items(), 2), 1):
        assert len(read) <= count + 4


def test_an_error_at_the_start_of_a_process_arrives():
    with pytest.raises(DeepALError, match="There is no model"):
        list(in_processes(make_nothing, range(3), 2))


def test_to_break_off_ends_no_process_of_the_caller():
    other = get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        done = in_processes(make_doubler, range(40), 1)
        next(done)
        done.close()
        assert other.is_alive()
        assert set(active_children()) == {other}
    finally:
        other.kill()
        other.join()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_their_parent_even_if_it_is_killed(tmp_path):
    root = Path(__file__).parent.parent
    program = tmp_path / "program.py"
    program.write_text(STARTS_WORKERS, encoding="utf8")
    (tmp_path / "began").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, program, tmp_path / "began"]
    with subprocess.Popen(command, env=environment, cwd=root) as parent:
        wait_until(lambda: len(list((tmp_path / "began").iterdir())) == 2)
        workers = [int(path.name) for path in (tmp_path / "began").iterdir()]
        assert all(map(is_running, workers))
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, workers)))
