# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from tests.client.test_server import failing
from tests.custodian.office import Office
from tests.forbidden import ATTACKS, Ground, event
from tests.verify.town import CENTRE, person


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R2", "R4", "R5", "R7", "R8", "R9", "R10", "R12")
def test_the_custodian_takes_no_half_for_any_appeal_that_is_forbidden(tmp_path):
    office = Office(tmp_path)
    ground = Ground(office.town.now, CENTRE, office.town.keys["diaz"])
    office.town.put(e.Event, person("okafor"), **event(ground))
    made = {name: office.town.ask(*attack.signers, **attack.changes(ground)) for name, attack in ATTACKS.items()}
    office.town.cosign()
    for name, index in made.items():
        sealed, _ = office.seal(request=index)
        with failing("custodian.appeal-closed"):
            office.keeper.take(office.deposit(sealed, 1))
            pytest.fail(f"the custodian took a half for {name}")
    assert office.keeper.status()["halves"] == 0
    office.close()
