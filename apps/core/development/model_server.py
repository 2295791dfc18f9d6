"""The process that serves the small local model on an OpenAI-compatible port.

Run as `python -m apps.core.development.model_server MODEL_FILE PORT`.
"""

import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

MODEL_NAME = "smollm2-135m-instruct"
PARALLEL_REPLIES = 4
TOKENS_PER_REPLY = 4096
LONGEST_ANSWER_TOKENS = 1024
LONGEST_PROMPT_TOKENS = TOKENS_PER_REPLY - LONGEST_ANSWER_TOKENS - 72
PROMPT_CACHE_MIB = 64
MOST_THREADS = 8


def serve(model: Path, port: int) -> None:
    """Serve until a signal comes.

    It takes half of the cores: web and worker need theirs, and threads that wait for each other
    are slower than fewer where the machine is busy. It offers no page, no list of slots (which
    would show prompts) and no address to pages of other sites. So small a model can repeat itself
    for ever, hence the longest answer.
    """
    threads = max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2))
    library: Any = importlib.import_module("xllamacpp")
    parameters = library.CommonParams()
    parameters.model.path = str(model)
    parameters.model_alias = {MODEL_NAME}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = PARALLEL_REPLIES * TOKENS_PER_REPLY
    parameters.n_parallel = PARALLEL_REPLIES
    parameters.n_predict = LONGEST_ANSWER_TOKENS
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.cors_origins = ""
    parameters.ui = False
    parameters.endpoint_slots = False
    server = library.Server(parameters)
    sys.stdout.write(f"{MODEL_NAME} answers on {server.listening_address}\n")
    sys.stdout.flush()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
