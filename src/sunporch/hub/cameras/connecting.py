# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the hub reaches a camera, in a browser: adding one, another address or login for one, removing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from sunporch.base.errors import Error
from sunporch.hub import household, permissions
from sunporch.hub.cameras import actions
from sunporch.hub.cameras.models import ALL_ROUND, DEFAULT_RANGE_M, MAX_ADDRESS, MAX_LOGIN, Camera
from sunporch.hub.forms import form_page, posted
from sunporch.hub.welcome import actions as welcome
from sunporch.hub.welcome.actions import Step
from sunporch.recorder import CameraSource, discovery, frigate
from sunporch.recorder.onvif import Service
from sunporch.web.answers import said


class ConnectionForm(forms.Form):
    """How a camera is reached over the network."""

    address = forms.RegexField(
        r"^(?:rtsp|https?)://\S+\Z",
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "As the search fills it in, or as the camera's manual gives it, like rtsp://192.168.1.20/stream, "
            "without the password."
        ),
        error_messages={
            "invalid": gettext_lazy("An address begins with rtsp://, http:// or https:// and has no blanks.")
        },
        widget=forms.TextInput(attrs={"autocapitalize": "none", "inputmode": "url"}),
    )
    username = forms.CharField(label=gettext_lazy("The camera's user"), required=False, max_length=MAX_LOGIN)
    password = forms.CharField(
        label=gettext_lazy("The camera's password"),
        required=False,
        max_length=MAX_LOGIN,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    sound = forms.BooleanField(label=gettext_lazy("Record its microphone, too"), required=False)


class FrigateForm(forms.Form):
    """A Frigate that has the cameras already."""

    frigate = forms.CharField(
        label=gettext_lazy("Frigate's address"),
        help_text=gettext_lazy("Like https://192.168.1.5:8971 with its login, or http://192.168.1.5:5000 without."),
        max_length=MAX_ADDRESS,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "inputmode": "url"}),
    )
    frigate_user = forms.CharField(label=gettext_lazy("Frigate's user"), required=False, max_length=MAX_LOGIN)
    frigate_password = forms.CharField(
        label=gettext_lazy("Frigate's password"),
        required=False,
        max_length=MAX_LOGIN,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class NewCameraForm(ConnectionForm):
    """A camera that is reached over the network, and where it hangs."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=actions.MAX_NAME)
    place = forms.CharField(
        label=gettext_lazy("Where this home is"),
        help_text=gettext_lazy(
            "Degrees north and east, like 39.7589123,-84.1916069: maps tell them of a point. It stays in this hub."
        ),
    )
    indoor = forms.BooleanField(label=gettext_lazy("It hangs indoors: never share what it records"), required=False)
    field_order = ("name", "address", "username", "password", "place", "indoor", "sound")


# At which field of the form an error is said.
_WRONG_AT = {
    "hub.place-malformed": "place",
    "recorder.camera-password-refused": "password",
    "recorder.camera-unreachable": "address",
    "recorder.camera-stream-refused": "address",
    "recorder.stream-unreadable": "address",
    "recorder.source-refused": "address",
    "recorder.onvif-absent": "address",
    "recorder.streams-absent": "address",
}


_WRONG_AT_FRIGATE = {"recorder.frigate-refused": "frigate_password"} | dict.fromkeys(
    ("recorder.source-refused", "recorder.frigate-absent", "recorder.frigate-streamless"), "frigate"
)


def _say(form: forms.Form, error: Error, wrong_at: Mapping[str, str] = _WRONG_AT) -> None:
    told = said(error)
    form.add_error(wrong_at.get(error.id), f"{told['what']} {told['next']}")


def _search(request: HttpRequest) -> dict[str, Any]:
    """Look for cameras, or take one of those that were found; nothing where none of its buttons was pressed."""
    if "use" in request.POST:
        return {"chosen": request.POST["use"]}
    if "frigate" in request.POST:
        return _ask_frigate(FrigateForm(request.POST))
    if "find" not in request.POST:
        return {}
    try:
        return {"found": discovery.find()}
    except Error as error:
        return {"unfound": said(error)}


def _shown(search: dict[str, Any]) -> dict[str, Any]:
    return {"search": search, "frigate": search.get("frigate") or FrigateForm()}


def _ask_frigate(form: FrigateForm) -> dict[str, Any]:
    search: dict[str, Any] = {"frigate": form}
    if form.is_valid():
        told = form.cleaned_data
        try:
            service = Service.parse(told["frigate"])
            search["found"] = frigate.streams_of(service, told["frigate_user"], told["frigate_password"])
        except Error as error:
            _say(form, error, _WRONG_AT_FRIGATE)
    return search


def _try_and_add(wanted: dict[str, Any]) -> Camera:
    """Ask the camera for a picture, and add it where one came."""
    place = actions.parse_place(wanted["place"])
    tried = actions.tried(CameraSource("", wanted["address"], wanted["username"], wanted["password"]))
    new = actions.NewCamera(
        **(wanted | {"place": place, "address": tried.address}),
        start_s=None,
        bearing=0,
        field_of_view=ALL_ROUND,
        range_m=DEFAULT_RANGE_M,
    )
    return actions.add(household.vault(), new)


@form_page
@permissions.page
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Add a camera that answers; it sees thirty metres all round until somebody says otherwise.

    Also the last question of the first run, which ends with the camera's live picture.
    """
    first_run = welcome.step() is Step.CAMERA
    search = _search(request)
    known = Camera.objects.order_by("name").first()  # cameras of one home hang at one place, nearly
    place = actions.written_place(known) if known is not None else ""
    given = {"address": search.get("chosen", ""), "place": place}
    form = NewCameraForm(None if search else posted(request), initial=given)
    if form.is_valid():
        try:
            made = _try_and_add(form.cleaned_data)
        except Error as error:
            _say(form, error)
        else:
            welcome.answered(Step.CAMERA)
            return redirect(reverse("camera", args=[made.id]) + ("?ready" if first_run else ""))
    return render(request, "hub/camera_new.html", {"form": form, **_shown(search), "first_run": first_run})


@form_page
@permissions.page
@never_cache
def connection(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Change a camera's address, login or sound: a router gave it another address, somebody changed the password."""
    camera = actions.find_here(camera_id)
    known = {name: getattr(camera, name) for name in ("address", "username", "sound")}
    search = _search(request)
    if "chosen" in search:
        known["address"] = search["chosen"]
    form = ConnectionForm(None if search else posted(request), initial=known)
    if form.is_valid():
        try:
            actions.connect(camera_id, actions.Connection(**form.cleaned_data))
        except Error as error:
            _say(form, error)
        else:
            return redirect("camera", camera_id)
    return render(request, "hub/connection.html", {"camera": camera, "form": form, **_shown(search)})


class RemovalForm(forms.Form):
    """What becomes of what a camera recorded, when it is removed."""

    footage = forms.ChoiceField(
        label=gettext_lazy("What it recorded"),
        choices=[
            ("kept", gettext_lazy("stays, and goes by its age as ever")),
            ("erased", gettext_lazy("is erased now, for good")),
        ],
        widget=forms.RadioSelect,
        initial="kept",
    )


@form_page
@permissions.page
@never_cache
def removal(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Say what removing a camera means, and do it."""
    camera = actions.find_here(camera_id)
    form = RemovalForm(posted(request))
    if form.is_valid():
        actions.remove(camera_id, household.clock().now(), erasing=form.cleaned_data["footage"] == "erased")
        return redirect("cameras")
    told = {"camera": camera, "form": form, "days": household.hub().retention_days}
    return render(request, "hub/removal.html", told | {"left": household.vault().left(camera_id)})
