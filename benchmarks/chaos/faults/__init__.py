"""The faults, one function each: it breaks something, and returns what was counted."""

from collections.abc import Awaitable, Callable

from benchmarks.chaos.faults.clock import clock
from benchmarks.chaos.faults.connections import connections
from benchmarks.chaos.faults.damage import damage
from benchmarks.chaos.faults.full import full
from benchmarks.chaos.faults.kill import kill
from benchmarks.chaos.faults.locked import locked
from benchmarks.chaos.faults.plugins import plugins
from benchmarks.chaos.faults.power import power
from benchmarks.chaos.faults.receivers import receivers
from benchmarks.chaos.faults.targets import targets
from benchmarks.chaos.faults.terminate import terminate
from benchmarks.chaos.scene import Form, Result

Fault = Callable[[Form], Awaitable[Result]]

FAULTS: tuple[Fault, ...] = (
    kill,
    receivers,
    terminate,
    full,
    locked,
    targets,
    plugins,
    clock,
    connections,
    damage,
    power,
)
