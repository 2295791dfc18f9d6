"""What browsers are told: which sources a page may use, which headers other origins may see."""

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
    "ADMIN_DIRECTIVES": {
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
    },
}

CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-correlation-id",
    # What OpenAI's own client for browsers says of itself with every call.
    "openai-organization",
    "openai-project",
    "user-agent",
    *(
        f"x-stainless-{word}"
        for word in (
            *("lang", "package-version", "os", "arch", "runtime", "runtime-version"),
            *("retry-count", "timeout", "helper-method", "poll-helper", "async"),
            "custom-poll-interval",
        )
    ),
]
CORS_EXPOSE_HEADERS = [
    "etag",
    "idempotency-replayed",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-correlation-id",
    "x-should-retry",
    *(
        f"x-ratelimit-{word}-{unit}"
        for unit in ("requests", "tokens")
        for word in ("limit", "remaining", "reset")
    ),
]
