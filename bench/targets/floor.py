"""The floor: the viewers read the scripted model directly; its CPU is the model's own."""

from bench.formats import read_openai
from bench.targets.base import Target
from bench.viewers import MESSAGE, Door


class Floor(Target):
    """Nothing between model and viewers."""

    name = "floor"
    title = "the scripted model, read directly"
    keeps = False

    def start(self) -> None:
        """Do nothing: the model runs anyhow."""

    def stop(self) -> None:
        """Do nothing."""

    def roots(self) -> dict[str, int]:
        """Return the model."""
        return {"model": self.model.pid}

    def doors(self, count: int) -> list[Door]:
        """Return the model's own door."""
        body: dict[str, object] = {
            "model": "scripted",
            "stream": True,
            "messages": [{"role": "user", "content": MESSAGE}],
        }
        path = "/v1/chat/completions"
        return [Door(port=self.model.port, path=path, body=body, read=read_openai)] * count
