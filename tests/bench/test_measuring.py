"""What the benchmark's figures rest on: parsing, lateness, CPU of a process tree."""

import os
import subprocess
import sys

import pytest

from bench import cpu
from bench.formats import FrameParser, Piece, ResponseParser, read_openai, read_parley
from bench.work import Seen, Work, lateness_ms, percentile

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_a_token_is_late_from_the_moment_the_model_owed_it() -> None:
    seen = Seen("hi", pieces=[(10.0, "word0 "), (10.1, "word1 wor"), (10.3, "d2 ")])
    late = lateness_ms(seen, asked_at=10.0, work=Work(streams=1, tokens=3, rate=50.0))
    assert late == pytest.approx([0.0, 80.0, 260.0])


def test_the_99th_percentile_of_a_hundred_values_is_the_last() -> None:
    assert percentile([float(value) for value in range(100)], 99) == 99.0


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_chunked_event_stream_is_read_wherever_it_is_cut(size: int) -> None:
    event = b'data: {"choices":[{"delta":{"content":"word0 "}}]}\n\n'
    raw = HEAD + chunk(event) + chunk(event[:9]) + chunk(event[9:]) + chunk(b"data: [DONE]\n\n")
    parser = ResponseParser(read_openai)
    pieces = [
        piece for at in range(0, len(raw), size) for piece in parser.feed(raw[at : at + size])
    ]
    assert pieces == [Piece("word0 "), Piece("word0 "), Piece("", is_end=True)]


def test_an_answer_that_is_not_200_is_a_problem() -> None:
    parser = ResponseParser(read_openai)
    assert parser.feed(b"HTTP/1.1 503 Away\r\n\r\n") == [Piece("", is_end=True, problem="HTTP 503")]


def test_socket_frames_of_any_length_are_read_wherever_they_are_cut() -> None:
    payloads = [b"a" * length for length in (5, 125, 126, 70_000)]
    heads = [
        b"\x81\x05",
        b"\x81\x7d",
        b"\x81\x7e\x00\x7e",
        b"\x81\x7f" + (70_000).to_bytes(8, "big"),
    ]
    raw = b"".join(head + payload for head, payload in zip(heads, payloads, strict=True))
    parser = FrameParser()
    frames = [frame for at in range(0, len(raw), 97) for frame in parser.feed(raw[at : at + 97])]
    assert frames == [(1, payload) for payload in payloads]


def test_an_end_that_is_not_complete_is_a_problem() -> None:
    piece = read_parley("", b'{"type":"reply.finished","state":"failed"}')
    assert piece == Piece("", is_end=True, problem="ended as failed")


def test_cpu_of_a_child_counts_for_its_tree() -> None:
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    before = cpu.cpu_seconds({"own": os.getpid()})["own"]
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert cpu.cpu_seconds({"own": os.getpid()})["own"] - before >= 0.29
