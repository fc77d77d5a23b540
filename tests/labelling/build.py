"""A run whose labelling has begun, without its background process."""

import json
import socket
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Thread
from typing import NamedTuple

import uvicorn

from spacy_deepal.annotation.answers import Suggestion
from spacy_deepal.cli.label import label_config
from spacy_deepal.labelling.begin import begin_or_change
from spacy_deepal.labelling.exchange import Given
from spacy_deepal.labelling.labelling_folder import LabellingFolder, Status, Task
from spacy_deepal.labelling.session import Session

LABELS = ["PER", "LOC"]
WAITING = Status(
    step="Waiting for labels", budget=4, pool_words=100, dev_target=1000, test_target=1000
)
SENTENCES = ("Ada saw Rome .", "It rained .", "Bob went home .", "Nobody knew Lima .")


def begin(path, labels=LABELS, **asked):
    """Begin a run on a few sentences."""
    text = path.parent / "articles.txt"
    text.write_text("\n".join(SENTENCES), encoding="utf8")
    values = {"inputs": [str(text)], "dev_words": 6, **asked}
    config = label_config(None, "en", 6, 4)
    begin_or_change(path, config=config, labels=labels, lang="en", asked=values)
    return LabellingFolder(path)


def make_task(name, text="Ada saw Rome .", part="train", **more):
    words = text.split()
    tokens = [f"{word} " for word in words[:-1]] + words[-1:]
    return Task(id=name, part=part, tokens=tokens, **more)


def make_queue(count=6, **more):
    return [make_task(f"s{number}", **more) for number in range(count)]


def make_session(path, tasks, status=None, **asked):
    """A session with this queue."""
    folder = LabellingFolder(path)
    if not folder.begun:
        folder = begin(path, **asked)
    folder.write_queue(tasks)
    folder.write_status(status or WAITING)
    return Session(path)


def make_given(task, entities=(), answer="accept", **more):
    values = {
        "key": f"key of {task.id} {answer} {entities}",
        "id": task.id,
        "answer": answer,
        "entities": list(entities),
        "labels": LABELS,
        "seconds": 2.0,
    }
    return Given(**values | more)


def label_all(session, annotator, entities=()):
    """Accept all that is open. RETURNS the ids, in order."""
    names = []
    while (task := session.view(annotator).task) is not None:
        session.answer(annotator, make_given(task, entities, key=f"{annotator} {task.id}"))
        names.append(task.id)
    return names


def suggestion(start, end, label="LOC", confidence=0.5):
    return Suggestion(start=start, end=end, label=label, confidence=confidence)


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    def json(self):
        return json.loads(self.text)


class Client:
    """Speaks HTTP with a real server, and follows nothing."""

    def __init__(self, port):
        self.port = port

    def get(self, path, **headers):
        return self._ask("GET", path, None, headers)

    def post(self, path, value, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self._ask("POST", path, body, headers)

    def _ask(self, method, path, body, headers):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        known = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, known, text)


@contextmanager
def serving(app, port=0):
    """Serve an application on a port; with 0, on any that is free."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Client(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
