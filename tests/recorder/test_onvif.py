# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras that are found on the network and asked for their stream, and others that lie about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sunporch.base.errors import Error
from sunporch.recorder import CameraSource, discovery, onvif
from sunporch.recorder.onvif import Service
from tests.outside import certificate
from tests.recorder.onvifcam import BUSY, OnvifCamera, enveloped, profile

LOGIN = ("ana", 'right "word"')


def source(camera: OnvifCamera, login: tuple[str, str] = LOGIN) -> CameraSource:
    return CameraSource("", camera.address, *login)


def refusal(camera: OnvifCamera, login: tuple[str, str] = LOGIN) -> str:
    with pytest.raises(Error) as refused:
        onvif.stream_of(source(camera, login))
    return refused.value.id


@pytest.mark.requirement("S1")
def test_a_camera_is_found_on_the_network_under_the_address_from_which_it_answered(monkeypatch):
    with OnvifCamera() as camera:
        camera.also = (
            "http://cameras.example/x ftp://127.0.0.1/x http://203.0.113.9/x http://[::1 http://127.0.0.1:x/"
        )
        monkeypatch.setattr(discovery, "GROUP", camera.group)
        (found,) = discovery.find()
    assert (found.address, found.host) == (camera.address, "127.0.0.1")
    assert (found.name, found.hardware) == ("Front Door One", "Model 7")


def test_a_network_without_cameras_is_named_as_such(monkeypatch):
    monkeypatch.setattr(discovery, "ROUNDS_SECONDS", (0.01, 0.01))
    with OnvifCamera() as camera:
        monkeypatch.setattr(discovery, "GROUP", camera.group)
        monkeypatch.setattr(camera, "match", lambda _: b"<x/>")
        with pytest.raises(Error) as refused:
            discovery.find()
    assert refused.value.id == "recorder.cameras-unfound"


def test_what_says_nothing_of_itself_is_found_all_the_same_and_no_control_letter_is_shown():
    scopes = "onvif://www.onvif.org/name/%1B[2J%0AFront onvif://www.onvif.org/type/ptz"
    for told, name in ((scopes, "[2JFront"), ("", "")):
        match = f"<d:Scopes>{told}</d:Scopes><d:XAddrs>http://192.168.1.20:8000/x?y=1</d:XAddrs>"
        head = "<a:RelatesTo>urn:uuid:1</a:RelatesTo>"
        data = enveloped(f"<d:ProbeMatch>{match}</d:ProbeMatch>", head)
        (found,) = discovery.parse_matches(data, "urn:uuid:1", "192.168.1.20")
        assert (found.address, found.name, found.hardware) == ("http://192.168.1.20:8000/x?y=1", name, "")
        assert discovery.parse_matches(data, "urn:uuid:1", "192.168.1.21") == ()
        assert discovery.parse_matches(data, "urn:uuid:2", "192.168.1.20") == ()


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("by", ["token", "MD5", "SHA-256"])
def test_a_camera_tells_its_largest_stream_to_who_has_its_login_whatever_its_clock_shows(by):
    with OnvifCamera(
        "rtsp://ana:x@127.0.0.1:8554/main?a=1&amp;b", login=LOGIN, by=by, ahead=timedelta(days=-900)
    ) as it:
        assert onvif.stream_of(source(it)) == "rtsp://127.0.0.1:8554/main?a=1&b"
        assert (it.asked[-1], it.wanted) == ("GetStreamUri", "main")
        it.shy, it.ahead = True, timedelta(0)
        assert onvif.stream_of(source(it)) == "rtsp://127.0.0.1:8554/main?a=1&b"


def test_a_camera_that_speaks_tls_alone_is_asked_over_tls_with_a_certificate_of_its_own(tmp_path):
    with OnvifCamera("rtsp://127.0.0.1/main", login=LOGIN, certificate=certificate(tmp_path)) as camera:
        assert onvif.stream_of(source(camera)) == "rtsp://127.0.0.1:554/main"


def test_a_camera_without_a_login_is_asked_without_one():
    with OnvifCamera("rtsp://127.0.0.1/main") as camera:
        assert onvif.stream_of(source(camera, ("", ""))) == "rtsp://127.0.0.1:554/main"


@pytest.mark.parametrize("by", ["token", "MD5", "SHA-512", "SHA-256"])
def test_a_wrong_login_is_named(by):
    with OnvifCamera(login=LOGIN, by=by) as camera:
        for wrong in (("ana", "wrong"), ("omar", LOGIN[1]), ("", "")):
            assert refusal(camera, wrong) == "recorder.camera-password-refused"


def http(body: bytes, status: str = "200 OK"):
    return lambda line: line.sendall(b"HTTP/1.1 %b\r\n\r\n%b" % (status.encode(), body))


def endless(line):
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n<x>")
    try:
        while True:
            line.sendall(b"x" * 65_536)
    except OSError:  # the hub had enough
        return


def drip(line):
    """Answer well, but a byte at a time."""
    good = enveloped(profile("main", "H264", 320, 180)).partition(b"?>")[2]
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (60 + len(good)))
    line.settimeout(0.05)
    for piece in [b" "] * 60 + [good]:
        try:
            if line.recv(1) == b"":
                return
        except TimeoutError:
            line.sendall(piece)
        except OSError:
            return


BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
URI = "<trt:MediaUri><tt:Uri>{}</tt:Uri></trt:MediaUri>"
LIES = {
    "a document type": ("GetProfiles", http(BOMB), "recorder.onvif-absent"),
    "no XML": ("GetSystemDateAndTime", http(b"<html><br></html>", "404 Not Found"), "recorder.onvif-absent"),
    "no HTTP": ("GetSystemDateAndTime", lambda line: line.sendall(b"SSH-2.0-x\r\n"), "recorder.onvif-absent"),
    "nothing at all": ("GetCapabilities", lambda _: None, "recorder.onvif-absent"),
    "a fault": ("GetProfiles", http(enveloped(BUSY), "500 Oops"), "recorder.onvif-absent"),
    "elements in elements": ("GetProfiles", http(b"<x>" * 40 + b"</x>" * 40), "recorder.onvif-absent"),
    "elements without end": ("GetProfiles", http(b"<x>" + b"<y/>" * 6_000 + b"</x>"), "recorder.onvif-absent"),
    "a body without end": ("GetProfiles", endless, "recorder.onvif-absent"),
    "more than there is room for": ("GetProfiles", http(b"<x>" + b"y" * 300_000 + b"</x>"), "recorder.onvif-absent"),
    "a body that drips": ("GetProfiles", drip, "recorder.onvif-absent"),
    "no streams": ("GetProfiles", http(enveloped("<trt:GetProfilesResponse/>")), "recorder.streams-absent"),
    "no media": ("GetCapabilities", http(enveloped("<tds:Capabilities/>")), "recorder.streams-absent"),
    "a file": ("GetStreamUri", http(enveloped(URI.format("file:///etc/passwd"))), "recorder.streams-absent"),
    "no port": ("GetStreamUri", http(enveloped(URI.format("rtsp://x:99999/"))), "recorder.streams-absent"),
    "blanks": ("GetStreamUri", http(enveloped(URI.format("rtsp://x/a b"))), "recorder.streams-absent"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_camera_that_answers_otherwise_than_by_the_standard_is_named_and_holds_nobody_up(lie, monkeypatch):
    monkeypatch.setattr(onvif, "TALK_SECONDS", 1.0 if lie == "a body that drips" else onvif.TALK_SECONDS)
    question, told, error = LIES[lie]
    with OnvifCamera(login=LOGIN, lies={question: told}) as camera:
        assert refusal(camera) == error


@pytest.mark.parametrize("year", ["2026", "99999", "9999", "none"])
def test_a_clock_that_shows_nothing_a_login_could_be_dated_by_is_passed_over(year):
    day = f"<tt:Year>{year}</tt:Year><tt:Month>12</tt:Month><tt:Day>31</tt:Day>"
    time = "<tt:Hour>23</tt:Hour><tt:Minute>59</tt:Minute><tt:Second>60</tt:Second>"
    shown = enveloped(f"<tt:UTCDateTime>{time}{day}</tt:UTCDateTime>")
    with OnvifCamera(login=LOGIN, by="MD5", lies={"GetSystemDateAndTime": http(shown)}) as camera:
        assert onvif.stream_of(source(camera)).endswith("/main")


def test_a_profile_whose_pictures_it_does_not_describe_is_better_than_none():
    odd = profile("&lt;odd&gt;", "H264", 1, 1).replace("<tt:Width>1<", "<tt:Width>wide<")
    for told in (odd, '<trt:Profiles token="&lt;odd&gt;"/>'):
        with OnvifCamera(lies={"GetProfiles": http(enveloped(told))}) as camera:
            assert onvif.stream_of(source(camera)) == "rtsp://127.0.0.1:554/main"
            assert camera.wanted == "&lt;odd&gt;"


@pytest.mark.parametrize(
    "address",
    [
        *("http://cameras.example/x", "http://8.8.8.8/x", "ftp://192.168.1.20/x", "http://192.168.1.20:x/"),
        *("http://192.168.1.20/a b", "http://192.168.1.20/x\n", "http://0x7f.1/", "http://[2001:db8::1]/", "http://"),
    ],
)
def test_only_a_number_of_this_network_is_asked(address):
    with pytest.raises(Error) as refused:
        Service.parse(address)
    assert refused.value.id == "recorder.source-refused"


def test_an_address_of_the_newer_kind_is_one_of_this_network_too():
    assert Service.parse("http://[fd00::7]:8000/x?y") == Service("fd00::7", 8000, "/x?y")
    assert Service.parse("http://192.168.1.20") == Service("192.168.1.20", 80, "/")


def test_a_camera_where_nothing_listens_is_named():
    with OnvifCamera() as camera:
        pass
    assert refusal(camera) == "recorder.camera-unreachable"
