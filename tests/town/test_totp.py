# SPDX-License-Identifier: AGPL-3.0-or-later
"""The codes of the cast are those that an authenticator app would show."""

from __future__ import annotations

import base64

import pytest

from sunporch.town import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


# RFC 6238, appendix B, SHA-1 column: the last six of its eight digits.
@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_rfc(now, code):
    assert totp.code(SECRET, now) == code


def test_every_person_has_a_secret_of_their_own():
    assert totp.new_secret() != totp.new_secret()
    assert len(base64.b32decode(totp.new_secret())) == 20
