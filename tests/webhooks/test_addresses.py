"""Which addresses are never called, by their name and at the last moment."""

import asyncio

import pytest
from asgiref.sync import async_to_sync
from pytest_django import Settings

from apps.webhooks.gateway.addresses import BadUrlError, check_url
from apps.webhooks.gateway.client import Answer, LookUp, WebhookClient
from tests.support.receiver import Receiver

INSIDE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:93.184.216.34",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
]
PUBLIC = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"]


def url_of(address: str) -> str:
    return f"https://[{address}]/hook" if ":" in address else f"https://{address}/hook"


def post(url: str, look_up: LookUp | None = None, seconds: float = 5) -> Answer:
    client = WebhookClient(seconds=seconds)
    if look_up is not None:
        client = WebhookClient(look_up=look_up, seconds=seconds)
    return async_to_sync(client.post)(url, body=b"{}", headers={})


def finds(*addresses: str) -> LookUp:
    async def look_up(host: str, port: int) -> list[str]:
        await asyncio.sleep(0)
        return list(addresses)

    return look_up


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_taken_or_called(address: str) -> None:
    with pytest.raises(BadUrlError):
        check_url(url_of(address))
    assert post(url_of(address)).outcome == "forbidden"
    assert post("https://receiver.example/", finds(address)).outcome == "forbidden"


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert check_url(url_of(address)) == url_of(address)


def test_a_host_that_is_inside_beside_a_public_address_is_not_called() -> None:
    answer = post("https://receiver.example/", finds("93.184.216.34", "10.0.0.1"))
    assert answer.outcome == "forbidden"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://receiver.example/",
        "file:///etc/passwd",
        "gopher://receiver.example/",
        "receiver.example/hook",
        "https://",
        "https:///hook",
        "https://user:password@receiver.example/",
        "https://user@receiver.example/",
        "https://receiver.example/#part",
        "https://receiver.example:99999/",
        "https://receiver.example:0/",
        "https://[::1/",
        "https://receiver.example/a b",
        "https://receiver.example/\r\nX: y",
        "https://rec\u00e9iver.example/",
        f"https://receiver.example/{'a' * 500}",
    ],
)
def test_what_is_no_plain_address_is_not_taken(url: str) -> None:
    with pytest.raises(BadUrlError):
        check_url(url)


@pytest.mark.parametrize(("deployed", "is_taken"), [(False, True), (True, False)])
def test_without_encryption_only_where_nothing_is_deployed(
    settings: Settings, deployed: bool, is_taken: bool
) -> None:
    settings.IS_DEPLOYED = deployed
    try:
        check_url("http://receiver.example/")
    except BadUrlError:
        assert not is_taken
    else:
        assert is_taken


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "localhost."])
def test_another_way_to_write_this_machine_is_looked_up_and_refused(host: str) -> None:
    assert post(f"https://{host}/", finds("127.0.0.1")).outcome == "forbidden"


def test_a_host_that_moves_inside_after_its_webhook_was_made_is_not_called(
    receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = False
    url = f"http://receiver.example:{receiver.port}/"
    assert check_url(url) == url
    assert post(url, finds("127.0.0.1")).outcome == "forbidden"
    assert receiver.received == []


def test_the_address_that_was_looked_up_is_the_one_that_is_connected_to(
    receiver: Receiver,
) -> None:
    asked: list[str] = []

    async def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        await asyncio.sleep(0)
        return ["127.0.0.1"]

    answer = post(f"http://receiver.example:{receiver.port}/hook", look_up)
    assert (answer.outcome, answer.status) == ("accepted", 200)
    assert asked == ["receiver.example"]
    assert receiver.received[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_this_machine_is_called_where_it_is_switched_on_and_nothing_else_inside(
    receiver: Receiver,
) -> None:
    assert post(receiver.url).outcome == "accepted"
    assert post("http://10.0.0.1/").outcome == "forbidden"
