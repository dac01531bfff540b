"""A person at a browser, without the browser: a session that reads pages, fills in their forms and follows what they answer."""

import base64
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from infra.demo.console import DemoError


@dataclass
class Form:
    """A form of a page: where it goes and what it would send untouched."""

    action: str
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, values: dict[str, str | list[str]]) -> list[tuple[str, str]]:
        """What is sent when the given fields are filled in; the others keep what the page put there."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        new = [
            (name, one)
            for name, value in values.items()
            for one in ([value] if isinstance(value, str) else value)
        ]
        return kept + new


class _Forms(HTMLParser):
    """Collect a page's forms with the values that their controls hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, inputs, and the chosen or first option of a select."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, given.get("name", "")
        kind = given.get("type", "text").lower()
        if tag == "input" and name and kind not in {"submit", "button", "image", "file", "reset"}:
            if kind not in {"checkbox", "radio"} or "checked" in given:
                fields.append((name, given.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "textarea" and name:
            fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            here = [pair for pair in fields if pair[0] == self._select]
            if "selected" in given or not here:
                fields[:] = [pair for pair in fields if pair[0] != self._select]
                fields.append((self._select, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """A select ends; what follows it is no option of it."""
        if tag == "select":
            self._select = ""


@dataclass(frozen=True)
class Page:
    """An answer: its final address, status and text."""

    url: str
    status: int
    text: str

    @property
    def path(self) -> str:
        """The address without scheme and host."""
        return urlsplit(self.url).path

    @property
    def words(self) -> str:
        """The page's main part without its markup, for a message in a terminal."""
        main = self.text[max(self.text.find("<main"), 0) :]
        return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", main, flags=re.DOTALL).split())[:1500]

    def form(self, *names: str, to: str = "") -> Form:
        """The first form by POST that has all the named fields and whose address ends with ``to``.

        Raises :class:`DemoError` when the page has none.
        """
        parser = _Forms()
        parser.feed(self.text)
        for form in parser.forms:
            known = {name for name, _ in form.fields}
            if form.method == "post" and set(names) <= known and form.action.partition("?")[0].endswith(to):
                return form
        wanted = ", ".join([*names, *([f"the address {to}"] if to else [])])
        raise DemoError(f"The page {self.url} has no form with {wanted}.", output=self.words)


class Browser:
    """One session. Every page must answer below 400, or the demo stops with what it said."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str, *, may_be_missing: bool = False) -> Page:
        """Open a page; with ``may_be_missing`` a 404 is an answer too."""
        return self._open(urllib.request.Request(urljoin(self.url, path)), may_be_missing=may_be_missing)  # noqa: S310

    def submit(self, page: Page, form: Form, values: dict[str, str | list[str]]) -> Page:
        """Send a form of a page, its CSRF token included, and follow the redirect."""
        request = urllib.request.Request(  # noqa: S310
            urljoin(page.url, form.action),
            data=urlencode(form.filled(values)).encode(),
            headers={"Referer": page.url, "Origin": self.url},
        )
        return self._open(request)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in with the page's form."""
        page = self.get("/accounts/login/")
        answer = self.submit(page, page.form("login", "password"), {"login": username, "password": password})
        if answer.path == page.path:
            raise DemoError(f"{username} could not sign in.", output=answer.words)

    def _open(self, request: urllib.request.Request, *, may_be_missing: bool = False) -> Page:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Page(answer.url, answer.status, answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            page = Page(error.url or request.full_url, error.code, error.read().decode("utf-8", "replace"))
            if error.code == 404 and may_be_missing:
                return page
            raise DemoError(
                f"{request.get_method()} {request.full_url} answered {error.code}.", output=page.words
            ) from None
        except OSError as error:
            raise DemoError(
                f"{request.full_url} does not answer: {error}.", advice="Is Ropewalk still running?"
            ) from None


@dataclass(frozen=True)
class Api:
    """The JSON API as one person, by Basic authentication."""

    url: str
    username: str
    password: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and decoded answer; raises :class:`DemoError` only when nobody answers or it isn't JSON."""
        credentials = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/api/v1/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        except OSError as error:
            raise DemoError(
                f"{request.full_url} does not answer: {error}.", advice="Is Ropewalk still running?"
            ) from None
        try:
            return status, json.loads(text or b"null")
        except ValueError:
            raise DemoError(
                f"{request.full_url} answered {status}, not in JSON.", output=str(text[:2000])
            ) from None
