"""What a process that lives long does at its start, so that nobody waits for it later."""

import gc

from django.conf import settings
from django.urls import reverse
from django.utils import translation


def warm_addresses() -> None:
    """Load every address of the site, and the way back to it, in each language.

    Otherwise the first request does, for half a second, and maybe inside a transaction.
    """
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            reverse("alive")


def set_apart() -> None:
    """Set apart from the garbage collector what is loaded by now.

    Its rounds over all of that would cost a tenth of every token.
    """
    gc.collect()
    gc.freeze()
