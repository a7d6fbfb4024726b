"""Rerandomised pairs hold what they held, and show nothing of what they were."""

import numpy as np

from clew.effects import system_randomness
from clew.joint import group


def test_a_rerandomised_list_opens_to_the_same_names_and_shares_no_point_with_the_old_one() -> None:
    secrets = group.HolderSecrets(system_randomness(32))
    keys = secrets.public()
    points = group.hash_to_group([b"+96478%08d" % number for number in range(20)], b"clew/1 test")
    sealed = group.seal(points, group.multiply(points, secrets.seal), keys, system_randomness(32))
    halves = [group.rerandomise(sealed[:, at : at + 64], keys, system_randomness(32)) for at in (0, 64)]
    again = np.hstack(halves)
    names = [group.open_list(items, [], secrets).names(secrets) for items in (sealed, again)]
    assert np.array_equal(*names)
    assert not set(map(bytes, sealed.reshape(-1, 32))) & set(map(bytes, again.reshape(-1, 32)))
