import time

import pytest
from django.core.cache import caches
from pytest_django import Settings

from apps.core import cache as cache_module
from apps.core.cache import HintCache
from tests.support.services import freeze, private_redis, thaw

LIMIT = "allauth:rl:allauth.account:login_failed:10/60/ip:127.0.0.1"


@pytest.fixture(autouse=True)
def _no_pause() -> None:
    cache_module._pause.until = 0.0


def make_cache(settings: Settings, url: str) -> HintCache:
    options = settings.CACHES["default"]["OPTIONS"]
    return HintCache(url, {"KEY_PREFIX": "test", "OPTIONS": options})


def test_the_default_cache_is_ours_and_keeps_values() -> None:
    cache = caches["default"]
    assert isinstance(cache, HintCache)
    cache.set("a", 1)
    assert (cache.get("a"), cache.get("b", 2)) == (1, 2)
    assert (cache.add("a", 3), cache.add("c", 3)) == (False, True)
    assert (cache.delete("a"), cache.delete("a"), cache.get("a")) == (True, False, None)


def test_without_redis_only_limits_are_kept_and_in_this_process(settings: Settings) -> None:
    with private_redis() as server:
        cache = make_cache(settings, server.url)
        cache.set("session", "ada")
        server.stop()
        assert cache.get("session") is None
        cache.set("session", "ada")
        assert cache.get("session", "nobody") == "nobody"
        assert (cache.add("session", 1), cache.delete("session")) == (False, False)
        assert (cache.add(LIMIT, [1.0]), cache.add(LIMIT, [2.0])) == (True, False)
        assert cache.get(LIMIT) == [1.0]
        assert cache.delete(LIMIT) is True


def test_it_comes_back_with_redis(settings: Settings) -> None:
    with private_redis() as server:
        cache = make_cache(settings, server.url)
        server.stop()
        assert cache.get("session") is None
        server.start()
        cache_module._pause.until = 0.0
        cache.set("session", "ada")
        assert cache.get("session") == "ada"


def test_a_hanging_redis_is_waited_for_once(settings: Settings) -> None:
    with private_redis() as server:
        cache = make_cache(settings, server.url)
        cache.set("session", "ada")
        freeze(server)
        try:
            begin = time.monotonic()
            assert [cache.get(str(number)) for number in range(20)] == [None] * 20
            assert time.monotonic() - begin < 1.8
        finally:
            thaw(server)
