"""A person in a real browser: labels from gold, by keyboard alone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
# It runs as root in containers, and looks up nothing outside.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE = 120.0  # seconds that the slowest of machines may take for a step


@contextmanager
def chromium():
    """A browser with nothing in it."""
    with sync_playwright() as play:
        assert CHROMIUM, "these tests need Chromium: apt-get install chromium"
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Command:
    """`spacy deepal label` in a process of its own, which can be killed and started again."""

    def __init__(self, run, *options):
        self.run, self.port = run, free_port()
        self.options = options
        self.log = run.with_suffix(".log")
        self.process = None

    def start(self, *more):
        options = [*self.options, *more, "--no-browser", "--port", str(self.port)]
        command = [sys.executable, "-m", "spacy", "deepal", "label", str(self.run), *options]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, "the command does not serve the page"
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def answers(self):
        with suppress(OSError):
            return urllib.request.urlopen(f"{self.address}icon.svg", timeout=5).status == 200
        return False

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def kill(self):
        """End it as a power cut does, and the background process with it."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """End it as the user does, with Ctrl+C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        return self.log.read_text()


class Person:
    """Labels what the page shows as the gold says."""

    def __init__(self, browser, command, gold, name="me"):
        self.page = browser.new_page(viewport={"width": 1200, "height": 800})
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.command, self.gold, self.name = command, gold, name
        self.answered = set()  # ids
        self.suggested = 0  # suggestions seen
        self.confident = 0  # those of a model
        self.accepted = 0  # sentences whose suggestions were right, accepted with one key
        self.open()

    def open(self):
        self.page.goto(f"{self.command.address}?as={self.name}")
        self.wait_for_sentence()

    def wait_for_sentence(self):
        self.page.wait_for_selector("#sentence .token", timeout=1000 * PATIENCE)

    def view(self):
        return self.page.evaluate(f"fetch('api/view?as={self.name}').then(reply => reply.json())")

    def label_one(self):
        """Label one sentence. RETURNS its task."""
        self.wait_for_sentence()
        view = self.view()
        self.answer(view)
        self.wait_for_other(view["task"]["id"])
        return view["task"]

    def answer(self, view):
        """Mark what the gold says, and send the answer, whether the server is there or not."""
        task = view["task"]
        self.answered.add(task["id"])
        wanted = [ent for ent in self.gold[task["id"]] if ent[2] in view["labels"]]
        shown = [tuple(ent) for ent in task["entities"] or []]
        if task["entities"] is None or task["again"]:
            shown += [(s["start"], s["end"], s["label"]) for s in task["suggestions"]]
        self.suggested += len(task["suggestions"])
        self.confident += sum(s["confidence"] is not None for s in task["suggestions"])
        if sorted(shown) == wanted:
            self.accepted += bool(shown)
            self.press("Enter")
        elif not wanted:
            self.press("x")
        else:
            self.press("Home", "Shift+End", "Backspace", "Home")
            self.mark(task["tokens"], wanted, view["labels"])
            self.press("Enter")

    def mark(self, tokens, entities, labels):
        words = [i for i, token in enumerate(tokens) if token.strip()]
        at = 0
        for start, end, label in entities:
            steps = words.index(start) - at
            extend = words.index(end - 1) - words.index(start)
            self.press(*["ArrowRight"] * steps, *["Shift+ArrowRight"] * extend)
            self.press(str(labels.index(label) + 1))
            at = words.index(end - 1)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_other(self, name):
        """Wait until the page shows another sentence, or none."""
        self.page.wait_for_function(
            "name => { const box = document.getElementById('sentence');"
            " return box.hidden || box.dataset.id !== name; }",
            arg=name,
            timeout=1000 * PATIENCE,
        )

    def add_type(self, label):
        self.press("n")
        self.page.keyboard.type(label)
        self.press("Enter")
        self.page.wait_for_selector(f"#types button[data-label={label}]")
