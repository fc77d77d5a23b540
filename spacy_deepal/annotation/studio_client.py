"""Label Studio's REST API, as far as batches need it: projects, their tasks, and clear errors.

Source: https://labelstud.io/api
"""

import os
import re
from collections.abc import Sequence
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from ..errors import DeepALError, Unsettled

TOKEN = "LABEL_STUDIO_API_KEY"
TIMEOUT = (10, 120)  # seconds: to connect, and from one byte of the answer to the next
# A request that changes something is sent again only if it has not reached the server.
RETRY = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504))
RENEW_SECONDS = 120  # the server lets a token be valid for 300
SHOWN = 300  # characters of what the server says


class StudioClient:
    """Speaks with a Label Studio server. The token is read from the environment. Nothing prints or
    writes it.

    url (str): Its address, such as "http://localhost:8080".
    RAISES (DeepALError): The address cannot be one, or there is no token.
    """

    def __init__(self, url: str) -> None:
        self.url = check_url(url)
        self._session = requests.Session()
        self._session.auth = _TokenAuth(self.url, _read_token())
        self._session.mount("http://", HTTPAdapter(max_retries=RETRY))
        self._session.mount("https://", HTTPAdapter(max_retries=RETRY))

    def read_project(self, number: int) -> dict[str, Any] | None:
        """RETURNS (dict | None): A project; None if there is none of this number."""
        return self._ask("GET", f"/api/projects/{number}/", missing_ok=True)

    def find_project(self, title: str) -> dict[str, Any] | None:
        """RETURNS (dict | None): The first project of this title."""
        page = 1
        while True:
            wanted = {"title": title, "page": page, "page_size": 100}
            found = self._ask("GET", "/api/projects/", params=wanted)
            same = (project for project in found["results"] if project["title"] == title)
            if (project := next(same, None)) or not found["next"]:
                return project
            page += 1

    def create_project(self, **values: Any) -> dict[str, Any]:
        """Create a project. RETURNS (dict): It, with its "id"."""
        return self._ask("POST", "/api/projects/", json=values)

    def change_project(self, number: int, **values: Any) -> None:
        """Change settings of a project."""
        self._ask("PATCH", f"/api/projects/{number}/", json=values)

    def read_tasks(self, number: int) -> list[dict[str, Any]] | None:
        """RETURNS (list | None): All tasks of a project with their annotations; None if there is no
        such project."""
        wanted = {"exportType": "JSON", "download_all_tasks": "true"}
        path = f"/api/projects/{number}/export"
        return self._ask("GET", path, params=wanted, missing_ok=True)

    def add_tasks(self, number: int, tasks: Sequence[dict[str, Any]]) -> None:
        """Add tasks to a project."""
        self._ask("POST", f"/api/projects/{number}/import", json=tasks)

    def _ask(self, method: str, path: str, *, missing_ok: bool = False, **options: Any) -> Any:
        """RETURNS: What the server answers, read from JSON; None for status 404 if that is ok.

        RAISES (Unsettled): It does not answer, or has a fault. DeepALError: It refuses the request.
        """
        try:
            response = self._session.request(
                method, f"{self.url}{path}", timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise _unreachable(self.url, error) from None  # the error may hold the request
        if missing_ok and response.status_code == 404:
            return None
        _check_status(self.url, response)
        return _read_json(self.url, response)


class _TokenAuth(AuthBase):
    """Adds the token to a request: a legacy token as it is; a personal access token is exchanged
    for one that is valid for some minutes. No variable has a token in plain text, so that no
    traceback can show it."""

    def __init__(self, url: str, token: SecretStr) -> None:
        self._url, self._token = url, token
        self._is_personal = token.get_secret_value().count(".") == 2  # a JSON web token
        self._short, self._renew_at = SecretStr(""), 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._is_personal and monotonic() >= self._renew_at:
            self._short, self._renew_at = self._exchange(), monotonic() + RENEW_SECONDS
        kind, token = ("Bearer", self._short) if self._is_personal else ("Token", self._token)
        request.headers["Authorization"] = f"{kind} {token.get_secret_value()}"
        return request

    def _exchange(self) -> SecretStr:
        answer = requests.post(
            f"{self._url}/api/token/refresh",
            json={"refresh": self._token.get_secret_value()},
            timeout=TIMEOUT,
            allow_redirects=False,  # the token goes to this address alone
        )
        _check_status(self._url, answer)
        value = _read_json(self._url, answer)
        if not isinstance(value, dict) or not isinstance(value.get("access"), str):
            raise _other_server(self._url)
        return SecretStr(value["access"])


def _read_token() -> SecretStr:
    token = SecretStr(os.environ.get(TOKEN, "").strip())
    if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        what = "is not a token" if token else "is not set"
        raise DeepALError(
            f"{TOKEN} {what}. Copy the token from Label Studio (Account & Settings), and set it in "
            f"the environment: export {TOKEN}=…"
        )
    return token


def check_url(url: str) -> str:
    """RETURNS (str): The address of a server without a slash at its end.

    RAISES (DeepALError): It is none, or holds a password, which would be written down.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of a port that is not a number, and of half a bracket
        is_address = False
    if not is_address:  # it may hold a password, so it is not shown
        raise DeepALError("--url must be an address such as http://localhost:8080.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise DeepALError(
            f"--url must be an address alone, such as {parts.scheme}://{parts.hostname}. The token "
            f"is read from {TOKEN}."
        )
    return url.rstrip("/")


def _read_json(url: str, response: requests.Response) -> Any:
    try:
        return response.json()
    except requests.JSONDecodeError:
        raise _other_server(url) from None


def _other_server(url: str) -> DeepALError:
    return DeepALError(f"{url} does not answer as Label Studio does. Check the address.")


def _unreachable(url: str, error: requests.RequestException) -> DeepALError:
    """RETURNS (DeepALError): An `Unsettled`, if it helps to wait."""
    cut_off = "EOF" in str(error)  # as by a proxy that is started again
    if isinstance(error, requests.exceptions.SSLError) and not cut_off:
        return DeepALError(
            f"{url} has no certificate that is trusted here. Write http:// if the server does not "
            "speak HTTPS, or name the file of its authority in REQUESTS_CA_BUNDLE."
        )
    slow = isinstance(error, requests.Timeout)
    what = "takes too long to answer" if slow else "does not answer"
    return Unsettled(
        f"Label Studio at {url} {what}. Check that it runs and that the address is right. Nothing "
        "is lost: give the same command again."
    )


def _check_status(url: str, response: requests.Response) -> None:
    """RAISES (DeepALError): The server refuses the request, or has a fault."""
    status = response.status_code
    if status in (401, 403):
        raise DeepALError(
            f"Label Studio at {url} refuses the token in {TOKEN} (status {status}). Copy it anew "
            "from Account & Settings. A legacy token has to be allowed in the settings of the "
            "organization."
        )
    if status >= 500 or status == 429:
        raise Unsettled(
            f"Label Studio at {url} has a fault (status {status}). Its log says more. Nothing is "
            "lost: give the same command again."
        )
    if status >= 300:
        raise DeepALError(
            f"{url} refuses {response.request.method} {response.request.path_url} with status "
            f"{status}: {_said(response)}"
        )


def _said(response: requests.Response) -> str:
    """RETURNS (str): The server's own words, without the page around them."""
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return f"it does not answer as Label Studio does ({response.reason}). Check the address."
    if isinstance(answer, dict):
        answer = answer.get("validation_errors") or answer.get("detail") or answer
    return str(answer)[:SHOWN]
