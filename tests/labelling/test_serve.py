"""Starting the labelling: one process for a run, a free port, a token for other machines."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.labelling_folder import Status
from spacy_deepal.labelling.serve import TrainerProcess, page_address, serve

from .build import begin


def test_the_address_has_the_token_and_a_name_that_others_reach():
    assert page_address("127.0.0.1", 8017, None) == "http://127.0.0.1:8017/"
    assert page_address("::1", 80, None) == "http://[::1]:80/"
    name = socket.gethostname()
    assert page_address("0.0.0.0", 8017, "a b") == f"http://{name}:8017/?token=a%20b"


def test_a_port_in_use_is_named(tmp_path):
    begin(tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DeepALError, match=f"127.0.0.1:{port} cannot be used.*--port"):
            serve(tmp_path / "run", port=port, browser=False)


def test_two_commands_cannot_serve_one_run(tmp_path):
    folder = begin(tmp_path / "run")
    with FileLock(folder.path / ".lock"), pytest.raises(DeepALError, match="labelled already"):
        serve(tmp_path / "run", port=0, browser=False)


def test_text_that_cannot_be_read_is_told_before_the_page_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.labelling.serve.FIRST_WAIT", 120.0)  # on a slow machine
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": 7}\n')
    begin(tmp_path / "run", inputs=[str(bad)])
    with pytest.raises(DeepALError, match=r"bad\.jsonl:1"):
        serve(tmp_path / "run", port=0, browser=False)


def test_a_background_process_that_was_killed_is_started_again(tmp_path):
    trainer = TrainerProcess(begin(tmp_path / "run"), -1)
    first = trainer.process
    first.kill()
    first.wait()
    assert trainer.watch() is None
    assert trainer.process.pid != first.pid
    trainer.stop()
    assert trainer.process.poll() is not None
    stopped = trainer.process
    assert trainer.watch() is None
    assert trainer.process is stopped  # nobody starts it again


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_the_command_without_a_traceback(tmp_path, times):
    """A terminal gives it to all processes of the command. An impatient user gives it twice."""
    folder = begin(tmp_path / "run")
    options = [str(folder.run), "--port", "0", "--no-browser"]
    command = [sys.executable, "-m", "spacy", "deepal", "label", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        said = process.stdout.readline()  # the address
        time.sleep(0.5)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.02)
        said += process.stdout.read()
    assert said.startswith("http://")
    assert "Traceback" not in said + folder.log.read_text()


def test_a_background_process_ends_if_the_command_was_killed_before_it_had_begun(tmp_path):
    folder = begin(tmp_path / "run")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "spacy_deepal.labelling.trainer_process"]
    with subprocess.Popen([*command, str(folder.run), "-1", str(gone.pid)]) as trainer:
        try:
            assert trainer.wait(60) == 1
        finally:
            trainer.kill()


def kill_again_and_again(trainer, most):
    """RETURNS the error with which it is given up, and how often it was killed before."""
    for number in range(most):
        trainer.process.kill()
        trainer.process.wait()
        if error := trainer.watch():
            return error, number
    return None, most


def test_one_that_cannot_go_on_is_given_up(tmp_path):
    trainer = TrainerProcess(begin(tmp_path / "run"), -1)
    error, times = kill_again_and_again(trainer, 9)
    assert times == 5
    assert "ended 6 times" in error
    assert "trainer.log" in error


def test_what_happened_before_a_round_was_finished_does_not_count(tmp_path):
    folder = begin(tmp_path / "run")
    trainer = TrainerProcess(folder, -1)
    assert kill_again_and_again(trainer, 4) == (None, 4)
    trainer.process.kill()
    trainer.process.wait()
    folder.write_status(Status(step="Waiting for labels", round=1))
    assert trainer.watch() is None
    assert kill_again_and_again(trainer, 9)[1] == 4


def test_an_empty_token_is_none(tmp_path, monkeypatch):
    begin(tmp_path / "run")
    made = []

    def make_app(session, *, token):
        made.append(token)
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_deepal.labelling.server.make_app", make_app)
    for host in ("127.0.0.1", "0.0.0.0"):
        with pytest.raises(KeyboardInterrupt):
            serve(tmp_path / "run", host=host, port=0, token="", browser=False)
    assert made[0] is None
    assert len(made[1]) >= 20


def test_another_host_is_served_with_a_token(tmp_path, monkeypatch):
    """As a person on another machine: the printed address opens the page, another does not."""
    begin(tmp_path / "run")
    said, asked = threading.Event(), []

    def look(address):
        where = urlsplit(address)
        for path in ("/", f"/?{where.query}"):
            connection = HTTPConnection("127.0.0.1", where.port, timeout=30)
            connection.request("GET", path)
            asked.append(connection.getresponse().status)
            connection.close()
        servers[0].should_exit = True

    def show(text):
        assert re.fullmatch(r"http://.*/\?token=[\w-]{20,}", text)
        threading.Timer(0.2, look, [text]).start()
        said.set()

    import uvicorn

    servers = []
    run = uvicorn.Server.run
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda self, sockets: (servers.append(self), run(self, sockets))
    )
    serve(tmp_path / "run", host="0.0.0.0", port=0, browser=False, show=show)
    assert said.is_set()
    assert asked == [403, 303]
