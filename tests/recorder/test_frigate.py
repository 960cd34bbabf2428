# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Frigate of the home is asked for the cameras that it passes on."""

from __future__ import annotations

import socket

import pytest

from sunporch.base.errors import Error
from sunporch.recorder import frigate
from sunporch.recorder.onvif import Service
from tests.outside import certificate
from tests.recorder.frigate import Frigate


def begin(config: bytes) -> str:
    return config[:30].decode()


def refusal(address: str, *login: str) -> str:
    with pytest.raises(Error) as refused:
        frigate.streams_of(Service.parse(address), *(login or ("", "")))
    return refused.value.id


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("login", [("ana", "right"), ("", "")], ids=["with a login", "without"])
def test_a_frigate_names_what_it_passes_on(login):
    with Frigate("porch_main", "back yard", open=not login[0]) as there:
        yard, porch = frigate.streams_of(Service.parse(there.address + "/"), *login)
    assert (yard.address, yard.name) == ("rtsp://127.0.0.1:8554/back%20yard", "back yard")
    assert (porch.address, porch.name) == ("rtsp://127.0.0.1:8554/porch_main", "porch main")
    assert (porch.hardware, porch.host) == ("Frigate", "127.0.0.1")


def test_a_frigate_that_signs_its_own_certificate_is_asked_over_tls_and_silence_holds_nobody_up(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(frigate, "TALK_SECONDS", 0.5)
    with Frigate("porch", certificate=certificate(tmp_path)) as there:
        (porch,) = frigate.streams_of(Service.parse(there.address), "ana", "right")
        assert porch.address == "rtsp://127.0.0.1:8554/porch"
        assert refusal(there.address, "ana", "wrong") == "recorder.frigate-refused"
    with Frigate("porch", open=True) as there:
        assert refusal(there.address.replace("http:", "https:")) == "recorder.frigate-absent"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert refusal(f"https://127.0.0.1:{silent.getsockname()[1]}") == "recorder.frigate-absent"


def test_a_login_that_frigate_does_not_know_is_named():
    with Frigate("porch") as there:
        for login in (("ana", "wrong"), ("", "")):
            assert refusal(there.address, *login) == "recorder.frigate-refused"


@pytest.mark.parametrize("streams", [(), ("\ud800", "\n")], ids=["none", "none with a name"])
def test_a_frigate_that_passes_nothing_on_is_named(streams):
    with Frigate(*streams, open=True) as there:
        assert refusal(there.address) == "recorder.frigate-streamless"


@pytest.mark.parametrize(
    "config", [b"<html>", b"[]", b'{"go2rtc": []}', b'{"go2rtc": {"streams": 7}}', b"[" * 100_000], ids=begin
)
def test_what_is_no_frigate_is_named(config):
    with Frigate(open=True, config=config) as there:
        assert refusal(there.address) == "recorder.frigate-absent"


def test_where_nothing_answers_or_that_is_not_of_this_network_is_named():
    with Frigate() as there:
        pass
    assert refusal(there.address) == "recorder.frigate-absent"
    assert refusal("http://frigate.example:5000") == "recorder.source-refused"
