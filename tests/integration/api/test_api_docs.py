"""The OpenAPI description and its page: complete, and nothing comes from another host."""

import re

import pytest
import yaml
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.django_db


def test_the_schema_describes_every_route_of_the_api(client):
    schema = yaml.safe_load(client.get("/api/v1/schema").content)
    described = {
        (path, method) for path, item in schema["paths"].items() for method in item if method != "parameters"
    }
    assert {
        ("/api/v1/user", "get"),
        ("/api/v1/users/{username}", "get"),
        ("/api/v1/user/repos", "post"),
        ("/api/v1/org/{organization}/repos", "post"),
        ("/api/v1/repos/{owner}/{project}", "get"),
        ("/api/v1/repos/{owner}/{project}/branches/{branch}", "get"),
        ("/api/v1/repos/{owner}/{project}/commits/{revision}", "get"),
        ("/api/v1/repos/{owner}/{project}/jobs", "get"),
        ("/api/v1/repos/{owner}/{project}/jobs/{job}", "get"),
        ("/api/v1/search", "get"),
        ("/api/v1/repos/{owner}/{project}/search", "get"),
    } <= described
    assert set(schema["components"]["securitySchemes"]) == {"token", "basic"}
    repository = schema["components"]["schemas"]["RepositoryShape"]
    assert {"clone_url", "permissions", "default_branch"} <= set(repository["required"])


def test_the_page_loads_only_from_this_host_and_holds_no_script(client):
    page = client.get("/api/docs", headers={"Accept": "text/html"})
    text = page.content.decode()
    assert page.status_code == 200
    assert "//" not in text.replace("<!--", "")
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "<style" not in text
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
        else:
            script = client.get(address.replace("&amp;", "&"))
            assert script.status_code == 200
            assert "/api/v1/schema" in script.content.decode()
