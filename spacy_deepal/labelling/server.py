"""The web server of the labelling page: a thin layer above the session."""

import hmac
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..annotation.answers import BY_TEXT
from ..errors import DeepALError
from ..files import Row, parse_row
from .exchange import LONGEST_NAME, Given
from .session import OtherRun, Session

PAGE_FOLDER = "page"  # the folder of the page's files, beside this module
COOKIE = "spacy_deepal_token"
RELOAD = "Load the page again."
# The page asks nobody but this server for anything, and nobody may show it in a frame.
HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class SentLabel(Row):
    """A new entity type, as the page sends it."""

    label: str = ""


def make_app(session: Session, *, token: str | None = None) -> ASGIApp:
    """Make the web application.

    token (str | None): What a browser has to show. With None, any browser may come that speaks to
        this machine by a loopback address.
    """

    async def view(request: Request) -> Response:
        return _show(request)

    async def answer(request: Request) -> Response:
        given = parse_row(Given, await _sent(request), "The answer", RELOAD)
        session.answer(_asked(request), given)
        return _show(request)

    async def undo(request: Request) -> Response:
        session.undo(_asked(request))
        return _show(request)

    async def add_label(request: Request) -> Response:
        sent = parse_row(SentLabel, await _sent(request), "The type", RELOAD)
        session.add_label(_asked(request), sent.label.strip())
        return _show(request)

    def _show(request: Request) -> Response:
        return JSONResponse(session.view(_asked(request)).model_dump())

    def _asked(request: Request) -> str:
        """RETURNS (str): The annotator. RAISES (DeepALError): It is not a name, or the page is that
        of another run."""
        if (run_id := request.query_params.get("run")) is not None:
            session.check_run(run_id)
        return _annotator(request)

    routes = [
        Route("/api/view", view),
        Route("/api/answer", answer, methods=["POST"]),
        Route("/api/undo", undo, methods=["POST"]),
        Route("/api/labels", add_label, methods=["POST"]),
        Mount("/", StaticFiles(directory=str(files(__package__).joinpath(PAGE_FOLDER)), html=True)),
    ]
    app = Starlette(routes=routes, exception_handlers={DeepALError: _explain})
    return Guard(app, token)


async def _sent(request: Request) -> Any:
    """RETURNS (Any): What the page sent. RAISES (DeepALError): It is not JSON."""
    try:
        return await request.json()
    except ValueError as error:
        raise DeepALError(f"The request is not JSON: {error}.") from error


async def _explain(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409 if isinstance(error, OtherRun) else 400)


def _annotator(request: Request) -> str:
    """RETURNS (str): The name in ?as=NAME. RAISES (DeepALError): It is not a name."""
    name = request.query_params.get("as", "me").strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name == BY_TEXT:
        raise DeepALError(f"?as={name!r}: use another name, of up to {LONGEST_NAME} characters.")
    return name


class Guard:
    """Lets through what comes from our own page, and from nowhere else.

    Without a token, the host that the browser names must be a loopback address: another one means
    that a page of another site has had its own name point to this machine. With a token, a browser
    shows it once, in the address, and keeps it as a cookie.

    app (ASGIApp): The application behind it. token (str | None): As for `make_app`.
    """

    def __init__(self, app: ASGIApp, token: str | None):
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refuse(request.headers) or self._check_token(request)
        response = _refusal(refusal, request) if isinstance(refusal, str) else refusal

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await (response or self.app)(scope, receive, send_with_headers)

    def _refuse(self, headers: Headers) -> str | None:
        """RETURNS (str | None): Why nothing is told to a request that another site has caused."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.token is None and not is_loopback(_name(host)):
            return f"This page is not served under the name {host!r}."
        if origin is not None and origin.partition("://")[2] != host:
            return f"Requests from {origin} are refused."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "Requests from other sites are refused."
        return None

    def _check_token(self, request: Request) -> Response | str | None:
        """RETURNS (Response | str | None): The answer to a request that brings the right token in
        the address; why one without it is refused; None for one that may come in."""
        if self.token is None:
            return None
        if (given := request.query_params.get("token")) is not None and self._fits(given):
            response = RedirectResponse(request.url.remove_query_params("token"), 303)
            response.set_cookie(COOKIE, given, httponly=True, samesite="strict")
            return response
        if self._fits(request.cookies.get(COOKIE, "")):
            return None
        return "Open the address with the token that the command printed."

    def _fits(self, given: str) -> bool:
        return self.token is not None and hmac.compare_digest(given.encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """RETURNS (bool): Whether only this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _name(host: str) -> str:
    """RETURNS (str): The name in a Host header; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refusal(message: str, request: Request) -> Response:
    """RETURNS (Response): For the page's script or, of any other address, for a person to read."""
    if request.scope["path"].startswith("/api/"):
        return JSONResponse({"error": message}, 403)
    return PlainTextResponse(message, 403)
