"""The trials by name: each makes its faults, and yields a row for each of its titles, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.torture.bench import Bench
from tests.torture.table import Row
from tests.torture.trials import (
    clock,
    damage,
    deadlock,
    disk,
    failover,
    kill,
    lock,
    network,
    outcome,
    patroni,
    replaced,
    secrets,
    upgrade,
)

_MODULES = {
    "network": network,
    "lock": lock,
    "outcome": outcome,
    "deadlock": deadlock,
    "kill": kill,
    "failover": failover,
    "patroni": patroni,
    "damage": damage,
    "replaced": replaced,
    "upgrade": upgrade,
    "disk": disk,
    "clock": clock,
    "secrets": secrets,  # the last: it counts what was searched in all of them
}
TRIALS: dict[str, Callable[[Bench], Iterator[Row]]] = {name: module.trials for name, module in _MODULES.items()}
TITLES: dict[str, tuple[str, ...]] = {name: module.TITLES for name, module in _MODULES.items()}
