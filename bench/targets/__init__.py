"""What is measured: the floor, two baselines, Parley."""

from bench.targets.afternoon import Afternoon
from bench.targets.base import Target
from bench.targets.floor import Floor
from bench.targets.parley import ParleySocket, ParleyStream
from bench.targets.passthrough import Passthrough

TARGETS: dict[str, type[Target]] = {
    kind.name: kind for kind in (Floor, Passthrough, Afternoon, ParleySocket, ParleyStream)
}
