"""What is measured: the floor, two baselines, Parley."""

from bench.targets.afternoon import Afternoon
from bench.targets.base import Target
from bench.targets.floor import Floor
from bench.targets.parley import ParleyOpenAI, ParleySocket, ParleyStream
from bench.targets.passthrough import Passthrough

_KINDS = (Floor, Passthrough, Afternoon, ParleySocket, ParleyStream, ParleyOpenAI)
TARGETS: dict[str, type[Target]] = {kind.name: kind for kind in _KINDS}
