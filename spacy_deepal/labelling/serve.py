"""Starts the labelling: the background process, the web server, and the browser."""

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ..errors import DeepALError
from .head import queue_head
from .labelling_folder import LabellingFolder
from .session import Session

FIRST_WAIT = 6.0  # seconds that the text may take before the page is shown without a sentence
LOOK = 0.1  # seconds between two looks at the background process
MOST_STARTS = 5  # times in a round that the background process is started again if it is killed


class TrainerProcess:
    """The background process of a run. It is started again when it is killed.

    folder (LabellingFolder): Of the run. use_gpu (int): GPU id. With -1, the CPU.
    """

    def __init__(self, folder: LabellingFolder, use_gpu: int):
        self.folder, self.use_gpu = folder, use_gpu
        self.round = 0  # in which the process ended last
        self.failures = 0  # in this round
        self.stopped = False
        self.process = self._start()

    def _start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "spacy_deepal.labelling.trainer_process"]
        with self.folder.log.open("ab") as log:
            return subprocess.Popen(
                [*command, str(self.folder.run), str(self.use_gpu), str(os.getpid())],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl+C is for the command, which then ends this process
            )

    def watch(self) -> str | None:
        """Start the process again if it was killed.

        RETURNS (str | None): Why it cannot go on, if it cannot.
        """
        if self.stopped or self.process.poll() is None:
            return None
        status = self.folder.read_status()
        if status.error:
            return status.error
        if status.round != self.round:
            self.round, self.failures = status.round, 0
        self.failures += 1
        if self.failures > MOST_STARTS:
            return f"The background process ended {self.failures} times. See {self.folder.log}."
        time.sleep(LOOK)
        self.process = self._start()
        return None

    def stop(self) -> None:
        """End the process. What it was doing is done again by the next one."""
        self.stopped = True
        self.process.terminate()
        self.process.wait()


def serve(
    run: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8017,
    token: str | None = None,
    use_gpu: int = -1,
    browser: bool = True,
    show: Callable[[str], None] = print,
) -> None:
    """Serve the labelling page of a run until the process is interrupted.

    run (Path): The folder of the run, whose job is written.
    host (str), port (int): Where the page is served. Any address but a loopback one needs a token.
    token (str | None): With None, one is made if it is needed.
    use_gpu (int): GPU id. With -1, the CPU.
    browser (bool): Open the page in a browser.
    show (Callable): Called with what is to be told to the user.
    RAISES (DeepALError): Another process serves the run, the port is in use, or the text cannot be
        read.
    """
    import uvicorn

    from .server import is_loopback, make_app

    folder = LabellingFolder(run)
    token = token or (None if is_loopback(host) else secrets.token_urlsafe(16))
    with folder.lock(), _listen(host, port) as listener:
        begin = {"step": "Starting", "error": None}  # an error of an earlier process is over
        folder.write_status(folder.read_status().model_copy(update=begin))
        queue_head(folder, folder.read_job())
        trainer = TrainerProcess(folder, use_gpu)
        try:
            _wait_for_text(folder, trainer)
            session = Session(run)
            app = make_app(session, token=token)
            # With a lifespan, of which the app has none, a second Ctrl+C would print a traceback.
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
            address = page_address(host, listener.getsockname()[1], token)
            show(address)
            if browser:
                threading.Timer(0.5, webbrowser.open, [address]).start()
            threading.Thread(target=_watch, args=[trainer, session, show], daemon=True).start()
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
        finally:
            trainer.stop()


def page_address(host: str, port: int, token: str | None) -> str:
    """RETURNS (str): Where a browser finds the page."""
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={quote(token)}" if token else "")


def _listen(host: str, port: int) -> socket.socket:
    """RAISES (DeepALError): The address cannot be used."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise DeepALError(
            f"{host}:{port} cannot be used: {error.strerror}. Name another port with --port."
        ) from error


def _wait_for_text(folder: LabellingFolder, trainer: TrainerProcess) -> None:
    """Wait for the first sentences, but not long. RAISES (DeepALError): There will be none."""
    end = time.monotonic() + FIRST_WAIT
    while time.monotonic() < end and not folder.queue_file.exists():
        if error := trainer.watch():
            raise DeepALError(error)
        time.sleep(LOOK)


def _watch(trainer: TrainerProcess, session: Session, show: Callable[[str], None]) -> None:
    while (error := trainer.watch()) is None:
        time.sleep(LOOK)
    session.set_error(error)
    show(error)
