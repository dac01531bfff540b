"""A project that begins as a copy of a repository elsewhere: the form, how far it is, and what to do when it failed."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import may_create_in, resolve_owner
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import organizations_of
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, RopewalkError
from ropewalk.core.outbound import MAX_URL
from ropewalk.data import services
from ropewalk.edges.web.fields import StyledForm, add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.forms import ProjectForm
from ropewalk.repos.mirrors import DEFAULT_INTERVAL
from ropewalk.repos.selectors import import_job, import_source
from ropewalk.repos.signing_in import MAX_PASSWORD, MAX_USERNAME, taken_apart

_ADDRESS = "Address of the repository"
_SIGN_IN_CODES = frozenset({"sign_in_needed", "sign_in_refused"})


class ImportForm(ProjectForm):
    """A new project and where its repository is copied from."""

    url = forms.CharField(max_length=MAX_URL, label=_ADDRESS, help_text="https://, http:// or git://")
    mirror = forms.BooleanField(
        required=False,
        label="Keep it in step with the original",
        help_text="Then changes are made there only; the project follows, and its settings say how often.",
    )
    field_order = ("url",)
    # What a project may begin with comes from the other server.
    readme = None  # type: ignore[assignment]  # how a form drops a field of its base
    dvc = None  # type: ignore[assignment]  # how a form drops a field of its base
    gitignore = None  # type: ignore[assignment]  # how a form drops a field of its base
    license = None  # type: ignore[assignment]  # how a form drops a field of its base


class AgainForm(StyledForm):
    """The address, to be corrected."""

    url = forms.CharField(max_length=MAX_URL, label=_ADDRESS)


class SignInForm(StyledForm):
    """Who asks the other server. The page never shows a password again."""

    username = forms.CharField(max_length=MAX_USERNAME, required=False, label="User name there")
    password = forms.CharField(
        max_length=MAX_PASSWORD,
        required=False,
        strip=False,
        label="Password or access token",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="A token that may only read this repository is enough; with one, most servers need no name."
        " It is kept encrypted until the import has ended well or was cancelled, and is sent to this address only."
        " Over http:// it travels in clear.",
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["username"].widget.attrs["autocomplete"] = "off"


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent, with a sign-in that stood in the address moved to its own fields."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    try:
        address, username, password = taken_apart(data.get("url", "").strip())
    except Invalid:
        return data
    data["url"] = address
    if not data.get("username") and not data.get("password"):
        data["username"], data["password"] = username, password
    return data


def new_import(request: HttpRequest) -> HttpResponse:
    """Create a project in my own or an organization's name and have the workers fill it."""
    actor, typed = actor_of(request), _typed(request)
    owners = [actor.username, *(owner.slug for owner, _ in organizations_of(actor.user_id or 0))]
    form = ImportForm(typed, owners=owners, initial={"owner": request.GET.get("owner", "")})
    sign_in = SignInForm(typed)
    if typed is not None and form.is_valid() and sign_in.is_valid():
        data = form.cleaned_data
        owner = resolve_owner(actor, data["owner"])
        if not may_create_in(actor, owner):
            raise Denied(f"You may not create projects for {owner.slug}.")
        try:
            services.start_import(
                url=data["url"],
                owner_id=owner.id,
                slug=data["name"],
                created_by_id=actor.user_id or 0,
                description=data["description"],
                visibility=data["visibility"],
                mirror_interval=DEFAULT_INTERVAL if data["mirror"] else None,
                **sign_in.cleaned_data,
            )
            return redirect("import-state", owner.slug, data["name"])
        except RopewalkError as error:
            _show(error, form, sign_in)
    return render(request, "projects/import.html", {"form": form, "sign_in": sign_in})


def _show(error: RopewalkError, form: forms.Form, sign_in: forms.Form) -> None:
    if error.code == "bad_sign_in":
        add_error(sign_in, error, "password")
        return
    names = isinstance(error, Conflict) or error.code.startswith("bad_name")
    add_error(form, error, "name" if names else "url")


def import_state(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """How the import stands; a failed one is tried again here, with another address or sign-in."""
    project, typed = access.project, _typed(request)
    source, job = import_source(project.id), import_job(project.id)
    if source is None or job is None:
        raise NotFound("This project was not imported.")
    form, sign_in = AgainForm(typed, initial={"url": source.url}), SignInForm(typed)
    if typed is not None and form.is_valid() and sign_in.is_valid():
        try:
            services.retry_import(
                project_id=project.id,
                user_id=access.actor.user_id or 0,
                url=form.cleaned_data["url"],
                **sign_in.cleaned_data,
            )
            return redirect("import-state", project.owner, project.slug)
        except Conflict as error:
            messages.error(request, f"{error.message} {error.hint}")
            return redirect("import-state", project.owner, project.slug)
        except RopewalkError as error:
            _show(error, form, sign_in)
    context = {
        "source": source,
        "job": job,
        "form": form,
        "sign_in": sign_in,
        "asks": job.error_code in _SIGN_IN_CODES,
        "cancelled": job.error_code == "cancelled",
    }
    return project_page(request, access, "projects/import_state.html", "overview", context)


def cancel_import(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """End an import that waits or runs."""
    project = access.project
    if request.method == "POST":
        if services.cancel_import(project_id=project.id, cancelled_by=access.actor.username):
            messages.success(request, "The import was cancelled.")
        else:
            messages.info(request, "The import had ended already.")
    return redirect("import-state", project.owner, project.slug)
