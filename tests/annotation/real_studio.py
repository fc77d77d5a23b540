"""A real Label Studio server, and a person who labels through its API."""

import os
import shlex
import socket
import subprocess
from contextlib import contextmanager
from time import monotonic, sleep

import pytest
import requests

from .fake_studio import studio_results

COMMAND = "LABEL_STUDIO_COMMAND"  # the server's command; .ci/run installs it and sets this
API_TOKEN = "0123456789abcdef0123456789abcdef01234567"
SECONDS_TO_START = 240


class RealStudio:
    """The server. process (Popen): It may be ended."""

    def __init__(self, url, process):
        self.url, self.process = url, process
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Token {API_TOKEN}"

    def ask(self, method, path, **options):
        response = self._session.request(method, f"{self.url}{path}", timeout=60, **options)
        response.raise_for_status()
        return response.json() if response.content else None

    def tasks(self, project):
        wanted = {"exportType": "JSON", "download_all_tasks": "true"}
        return self.ask("GET", f"/api/projects/{project}/export", params=wanted)

    def annotate(self, task, spans, **more):
        """Answer a task as the page does. spans: start, end, label."""
        results = studio_results(task, spans)
        self.ask("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": results, **more})


@contextmanager
def real_studio(folder):
    """Start the server, and end it. YIELDS (RealStudio)."""
    if COMMAND not in os.environ:
        pytest.skip(f"{COMMAND} is not set: it names the command of a Label Studio server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = ["--username", "ada@example.com", "--password", "enchantress"]
    command = [
        *shlex.split(os.environ[COMMAND]),
        *("start", "--no-browser", "--port", str(port), *account, "--user-token", API_TOKEN),
    ]
    environment = {
        **os.environ,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log)
        yield RealStudio(url, process)
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url, process, log):
    end = monotonic() + SECONDS_TO_START
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert monotonic() < end, log.read_text()[-3000:]
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            sleep(1)
