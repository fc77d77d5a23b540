"""A small server that answers as Label Studio does, and fails when it is told to."""

import json
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from urllib.parse import parse_qs, urlsplit

TOKEN, PERSONAL = "0123456789abcdef", "aaa.bbb.ccc"


def studio_results(task, spans):
    """RETURNS (list): Entities of a task as the labelling page sends them. spans: start, end,
    label."""
    text = task["data"]["text"]
    return [
        {
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": s, "end": e, "text": text[s:e], "labels": [label]},
        }
        for s, e, label in spans
    ]


class FakeStudio:
    """What the server has, and what was asked of it.

    faults (list): How the next requests that change something are answered: by a status, or by
        "hang up" when they have been done. refresh: how a personal token is answered.
    """

    def __init__(self):
        self.projects, self.tasks, self.asked, self.faults = {}, {}, [], []
        self.numbers = count(1)
        self.refresh = 200, {"access": "short"}  # the answer to the personal token
        self.url = ""

    def create(self, **values):
        defaults = {"description": "", "label_config": "<View></View>"}
        project = {"id": next(self.numbers), **defaults, **values}
        self.projects[project["id"]] = project
        self.tasks[project["id"]] = []
        return project

    def delete(self, number):
        del self.projects[number], self.tasks[number]

    def annotate(self, name, spans, *, skipped=False, by=1, number=1):
        """Answer the tasks of a sentence. spans: start, end, label."""
        for task in self.tasks[number]:
            if task["data"]["id"] == name:
                annotation = {
                    "id": next(self.numbers),
                    "completed_by": by,
                    "result": studio_results(task, spans),
                    "was_cancelled": skipped,
                }
                annotation["updated_at"] = f"2020-01-01T00:00:{annotation['id']:02}Z"
                task["annotations"].append(annotation)

    def answer(self, method, path, query, body):
        """RETURNS (tuple): A status and a value."""
        parts = path.strip("/").split("/")[2:]
        if not parts:
            if method == "POST":
                return 201, self.create(**body)
            found = [p for p in self.projects.values() if query["title"][0] in p["title"]]
            page, size = int(query["page"][0]), int(query["page_size"][0])
            following = f"/api/projects?page={page + 1}" if page * size < len(found) else None
            results = found[(page - 1) * size : page * size]
            return 200, {"count": len(found), "next": following, "results": results}
        number = int(parts[0])
        if number not in self.projects:
            return 404, {"detail": "No Project matches the given query."}
        if parts[1:] == ["export"]:
            return 200, self.tasks[number]
        if parts[1:] == ["import"]:
            new = [{"annotations": [], **task, "id": next(self.numbers)} for task in body]
            self.tasks[number] += new
            return 201, {"task_count": len(new)}
        if method == "PATCH":
            self.projects[number] |= body
        return 200, self.projects[number]


@contextmanager
def fake_studio():
    """Serve on a free port. YIELDS (FakeStudio)."""
    studio = FakeStudio()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            studio.asked.append((self.command, parts.path))
            fault = studio.faults.pop(0) if studio.faults and self.command != "GET" else None
            if self.headers["Authorization"] not in (f"Token {TOKEN}", "Bearer short"):
                status, value = 401, {"detail": "Invalid token."}
            elif isinstance(fault, int):
                status, value = fault, {"detail": "a fault"}
            else:
                query = parse_qs(parts.query)
                status, value = studio.answer(self.command, parts.path, query, body)
            if parts.path == "/api/token/refresh" and body == {"refresh": PERSONAL}:
                status, value = studio.refresh
            if fault == "hang up":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            data = json.dumps(value).encode()
            self.send_response(status)
            if status in (307, 308):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        studio.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield studio
        finally:
            server.shutdown()
            thread.join()
