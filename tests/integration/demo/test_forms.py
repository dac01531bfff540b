"""The demo's browser fills in forms as a person would: what it does not touch keeps what the page put there."""

import pytest

from infra.demo.console import DemoError
from infra.demo.web import Page

PAGE = """
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/made?next=%2F">
  <input type="hidden" name="csrfmiddlewaretoken" value="abc">
  <input name="name"><textarea name="words"></textarea>
  <input type="checkbox" name="ticked" checked><input type="checkbox" name="open">
  <select name="role"><option value="reader">R</option><option value="writer" selected>W</option></select>
  <select name="first"><option value="one">1</option><option value="two">2</option></select>
  <input type="submit" name="go" value="Go">
</form>
"""


def test_a_form_is_sent_as_the_page_has_it():
    form = Page("http://host/page", 200, PAGE).form("name", "role")
    assert form.action == "/made?next=%2F"
    assert dict(form.filled({"name": "acme"})) == {
        "csrfmiddlewaretoken": "abc",
        "name": "acme",
        "words": "",
        "ticked": "on",
        "role": "writer",
        "first": "one",
    }


def test_many_values_of_one_field_are_all_sent():
    form = Page("http://host/page", 200, PAGE).form(to="/made")
    assert [value for name, value in form.filled({"run": ["a", "b"]}) if name == "run"] == ["a", "b"]


@pytest.mark.parametrize(("names", "to"), [(("q",), ""), (("missing",), ""), ((), "/elsewhere")])
def test_a_page_without_the_form_is_an_error(names, to):
    with pytest.raises(DemoError):
        Page("http://host/page", 200, PAGE).form(*names, to=to)
