# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notices by email: name, password and mail go to the mail server that is meant, and nobody between reads them."""

from __future__ import annotations

import pytest

from sunporch.base.errors import Error
from sunporch.web.pings import mail
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.message import Message
from tests import outside

WORD = Message("The town's portal", "A clip was shared with you.", "/work/", "https://portal.example/work/")
SECURITIES = pytest.mark.parametrize("security", ["starttls", "tls"])


@pytest.fixture
def certificate(tmp_path):
    return outside.certificate(tmp_path)


@pytest.fixture
def post(certificate, security):
    server = outside.MailServer(certificate=certificate, tls=security == "tls")
    yield server
    server.close()


def send(server: outside.MailServer, security: str, password: str = "topsecret") -> None:
    given = server.settings() | {"smtp_security": security, "smtp_username": "portal", "smtp_password": password}
    mail.send(PingSettings(**given), "kim@police.example", WORD, "ping-1-2")


def refused(server: outside.MailServer, security: str, **more: str) -> str:
    """Return why it was not sent."""
    with pytest.raises(Error, match=r"web\.mail-unsent") as caught:
        send(server, security, **more)
    return caught.value.params["reason"]


@pytest.mark.requirement("S4")
@SECURITIES
def test_name_password_and_mail_reach_the_mail_server_and_nobody_between_reads_them(
    post, security, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send(post, security)
    assert post.names == [("portal", "topsecret")]
    assert [sent["To"] for sent in post.mails] == ["kim@police.example"]
    assert [line.split()[0].upper() for line in post.in_clear] == {"tls": [], "starttls": ["EHLO", "STARTTLS"]}[
        security
    ]


@SECURITIES
def test_a_mail_server_whose_certificate_nobody_vouches_for_gets_neither_password_nor_mail(post, security):
    assert "certificate verify failed" in refused(post, security)
    assert (post.names, post.mails) == ([], [])


@SECURITIES
def test_a_mail_server_under_another_name_than_its_certificates_gets_nothing(
    post, security, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings = post.settings
    monkeypatch.setattr(post, "settings", lambda: settings() | {"smtp_host": "localhost"})
    assert "certificate verify failed" in refused(post, security)
    assert (post.names, post.mails) == ([], [])


def test_a_mail_server_that_offers_no_tls_any_more_gets_neither_password_nor_mail():
    post = outside.MailServer()
    try:
        assert "STARTTLS" in refused(post, "starttls")
        assert [line.split()[0].upper() for line in post.in_clear] == ["EHLO", "QUIT"]
    finally:
        post.close()


@pytest.mark.parametrize("security", ["none"])
def test_a_password_with_letters_that_mail_cannot_carry_is_said_in_those_words(post, security):
    assert "letters that mail cannot carry" in refused(post, security, password="contraseña")
    assert (post.names, post.mails) == ([], [])
