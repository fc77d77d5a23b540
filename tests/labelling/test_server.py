"""The web server: only our own page gets in, and what it sends reaches the journal."""

from urllib.parse import quote

import pytest

from spacy_deepal.labelling.server import is_loopback, make_app

from .build import LABELS, make_given, make_queue, make_session, serving


@pytest.fixture
def session(tmp_path):
    return make_session(tmp_path / "run", make_queue(4))


@pytest.fixture
def client(session):
    with serving(make_app(session)) as client:
        yield client


def test_an_answer_brings_the_next_sentence_and_is_in_the_journal(client, session):
    task = client.get("/api/view?as=ada").json()["task"]
    assert task["id"] == "s0"
    given = make_given(session.view("ada").task, [(0, 1, "PER")]).model_dump()
    view = client.post("/api/answer?as=ada", given).json()
    assert view["task"]["id"] == "s1"
    assert view["progress"]["sentences"] == 1
    answer = session.annotations.final("s0")
    assert (answer.by, answer.entities, answer.tokens) == ("ada", [(0, 1, "PER")], task["tokens"])


@pytest.mark.parametrize("path", ["answer", "undo", "labels", "view"])
def test_the_page_of_another_run_is_told_so_and_changes_nothing(client, session, path):
    given = make_given(session.view("me").task).model_dump()
    before = session.journal.path.read_bytes()
    address = f"/api/{path}?run=another"
    response = client.get(address) if path == "view" else client.post(address, given)
    assert response.status == 409
    assert "Another run is served" in response.json()["error"]
    assert session.journal.path.read_bytes() == before
    own = client.get("/api/view").json()["run_id"]
    assert client.get(f"/api/view?run={quote(own)}").status == 200


def test_undo_and_new_types_have_addresses_of_their_own(client, session):
    client.post("/api/answer", make_given(session.view("me").task).model_dump())
    assert client.post("/api/undo", {}).json()["task"]["id"] == "s0"
    assert client.post("/api/undo", {}).status == 200  # though there is nothing left to take back
    labels = client.post("/api/labels", {"label": " ORG "}).json()["labels"]
    assert labels == [*LABELS, "ORG"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("answer", {"id": "s0"}, "key is missing"),
        ("answer", [1], "must be"),
        ("labels", {"label": "A B"}, "not a name for a type"),
        ("labels", {}, "not a name for a type"),
    ],
)
def test_what_cannot_be_done_is_explained(client, path, value, message):
    response = client.post(f"/api/{path}", value)
    assert response.status == 400
    assert message in response.json()["error"]


def test_what_is_no_json_is_refused(client):
    response = client.post("/api/answer", b"{")
    assert response.status == 400
    assert "not JSON" in response.json()["error"]


@pytest.mark.parametrize("name", ["%20", "x" * 41, "a%09b", "the%20text"])
def test_a_name_that_is_none_is_refused(client, name):
    assert client.get(f"/api/view?as={name}").status == 400


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_loopback_addresses_need_no_token(host, answer):
    assert is_loopback(host) is answer


@pytest.mark.parametrize("host", ["127.0.0.1:8017", "localhost:1", "[::1]:8017", "127.9.9.9:8017"])
def test_every_loopback_name_is_served(client, host):
    assert client.get("/api/view", host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8017", "", "[::1"]
)
def test_another_name_for_this_machine_is_refused(client, host):
    """A page of another site may have its own name point to 127.0.0.1 (DNS rebinding)."""
    assert client.get("/api/view", host=host).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_requests_from_other_origins_are_refused_and_change_nothing(client, session, headers):
    given = make_given(session.view("me").task).model_dump()
    assert client.post("/api/answer", given, **headers).status == 403
    assert session.annotations.of("s0") == []


def test_the_pages_own_origin_is_let_in(client):
    headers = {"origin": f"http://127.0.0.1:{client.port}", "sec_fetch_site": "same-origin"}
    assert client.post("/api/labels", {"label": "ORG"}, **headers).status == 200


def test_with_a_token_nobody_gets_in_without_it(session):
    with serving(make_app(session, token="secret")) as client:
        refused = client.get("/", host="label.example")
        assert refused.status == 403
        assert refused.text == "Open the address with the token that the command printed."
        assert client.get("/api/view?token=wrong").status == 403
        first = client.get("/?token=secret&as=ada", host="label.example")
        assert first.status == 303
        assert first.headers["location"] == "http://label.example/?as=ada"  # without the token
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert client.get("/api/view", cookie=cookie.partition(";")[0]).status == 200
        assert client.get("/api/view", cookie="spacy_deepal_token=wrong").status == 403


def test_the_page_is_served_with_a_policy_that_lets_it_ask_nobody_else(client):
    page = client.get("/")
    assert page.status == 200
    assert "<!doctype html>" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    for name in (
        "main.js",
        "api.js",
        "marks.js",
        "sentence.js",
        "panel.js",
        "page.css",
        "icon.svg",
    ):
        assert client.get(f"/{name}").status == 200
        assert "http://" not in client.get(f"/{name}").text.replace("http://www.w3.org/", "")


def test_text_is_never_html(client):
    """The page has no way to put text in as markup."""
    for name in ("main.js", "sentence.js", "panel.js"):
        text = client.get(f"/{name}").text
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser"):
            assert word not in text
