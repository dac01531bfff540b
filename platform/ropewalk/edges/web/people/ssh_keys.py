"""A person's SSH keys."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.accounts import selectors, services
from ropewalk.accounts.keys import host_public_key
from ropewalk.core.errors import RopewalkError
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.people.forms import SshKeyForm
from ropewalk.projects.selectors import list_projects, projects_by_id


def ssh_keys(request: HttpRequest) -> HttpResponse:
    """List and add keys."""
    user_id = actor_of(request).user_id or 0
    choices = [
        (str(project.id), project.full_name) for project in list_projects(user_id, mine=True, per_page=200)
    ]
    form = SshKeyForm(request.POST or None, projects=choices)
    if request.method == "POST" and form.is_valid():
        try:
            key = services.add_ssh_key(user_id=user_id, **form.values())
            messages.success(request, f"The key “{key.title}” was added.")
            return redirect("settings-ssh-keys")
        except RopewalkError as error:
            add_error(form, error, "key")
    rows = selectors.ssh_keys(user_id)
    context = {
        "form": form,
        "keys": rows,
        "projects": projects_by_id(row.project_id for row in rows if row.project_id),
        "ssh_url": settings.ROPEWALK_SSH_URL,
        "host_key": host_public_key(),
        "active": "ssh-keys",
    }
    return render(request, "people/ssh_keys.html", context)


def delete_ssh_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Ask whether a key is to go, and let it go."""
    user_id = actor_of(request).user_id or 0
    key = selectors.ssh_key(user_id, key_id)
    if request.method == "POST":
        services.delete_ssh_key(user_id=user_id, key_id=key_id)
        messages.success(request, f"The key “{key.title}” was deleted. It signs nobody in any more.")
        return redirect("settings-ssh-keys")
    return render(request, "people/ssh_key_delete.html", {"key": key, "active": "ssh-keys"})
