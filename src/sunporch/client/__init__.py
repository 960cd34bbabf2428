# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only HTTP client: hub to portal and custodian, custodian and auditor to the log, portal to witnesses.

It carries questions and answers and decides nothing. Every answer has a limit in bytes and a deadline.
"""

from sunporch.client.custodian import CustodianClient, Half, Receipt
from sunporch.client.log import LogFolder, LogReader, log_at
from sunporch.client.portal import PortalClient
from sunporch.client.relay import Relay, Relayed
from sunporch.client.witness import Conflict, Cosigned, WitnessClient

__all__ = [
    "Conflict",
    "Cosigned",
    "CustodianClient",
    "Half",
    "LogFolder",
    "LogReader",
    "PortalClient",
    "Receipt",
    "Relay",
    "Relayed",
    "WitnessClient",
    "log_at",
]
