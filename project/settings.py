"""Settings of every process, from the environment and from an optional `.env` beside manage.py.

Each variable is described in docs/configuration.md. Staging and production refuse to start on a
missing or unsafe value and name every one of them at once.
"""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from apps.conversations import constants as conversations
from apps.core.constants import ApplicationEnvironment
from apps.llm import constants as llm
from apps.moderation import constants as moderation
from project.addresses import unusable_addresses
from project.admin_look import UNFOLD as UNFOLD
from project.browsers import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from project.browsers import CORS_ALLOW_HEADERS as CORS_ALLOW_HEADERS
from project.browsers import CORS_EXPOSE_HEADERS as CORS_EXPOSE_HEADERS
from project.environment import Environment, has_scheme, is_found, is_time_zone, refuse
from project.limits import limits_of_pages
from project.logs import logging_of
from project.parts import AUTH_PASSWORD_VALIDATORS as AUTH_PASSWORD_VALIDATORS
from project.parts import BASE_DIR
from project.parts import INSTALLED_APPS as INSTALLED_APPS
from project.parts import MIDDLEWARE as MIDDLEWARE
from project.parts import TEMPLATES as TEMPLATES
from project.stores import caches_of, channel_layers_of, databases_of

django_stubs_ext.monkeypatch()

env = Environment()
if env.str("ENVIRONMENT", default="") != "test" and (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

ENVIRONMENT = ApplicationEnvironment(
    env.choice("ENVIRONMENT", list(ApplicationEnvironment), default="production")
)
IS_DEPLOYED = ENVIRONMENT in (ApplicationEnvironment.STAGING, ApplicationEnvironment.PRODUCTION)
DEBUG = env.bool("DEBUG", default=False)
LOG_LEVEL = env.choice(
    "LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], default="INFO"
)

_key_of_development = "for-development-and-tests-only-0123456789-abcdefghij-ABCDEFGHIJ"
SECRET_KEY = env.str("SECRET_KEY", default="" if IS_DEPLOYED else _key_of_development)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_POOL_SIZE = env.count("DATABASE_POOL_SIZE", default=10)
DATABASE_THREADS = max(DATABASE_POOL_SIZE - 4, 1)
if ENVIRONMENT == ApplicationEnvironment.TEST:
    DATABASE_THREADS = 0
REDIS_URL = env.str("REDIS_URL", default="")
REDIS_TTL = env.int("REDIS_TTL", default=3600)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname or "localhost"])
if not IS_DEPLOYED:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]", "testserver"]
ALLOWED_ORIGINS = [PUBLIC_URL, *env.list("ALLOWED_ORIGINS", default=[])]
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
NUM_PROXIES = env.int("NUM_PROXIES", default=0)

OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1").rstrip("/")
OPENAI_MODEL = env.str("OPENAI_MODEL", default="").strip() or llm.DEFAULT_MODEL
OPENAI_TEMPERATURE = env.within("OPENAI_TEMPERATURE", default=llm.DEFAULT_TEMPERATURE, highest=2.0)
SYSTEM_PROMPT = env.str(
    "SYSTEM_PROMPT", default="You are a helpful AI assistant. Be concise and accurate."
)
CONVERSATION_MEMORY_SIZE = env.int(
    "CONVERSATION_MEMORY_SIZE", default=conversations.CONVERSATION_MEMORY_SIZE
)
MAX_TOKENS = env.count("MAX_TOKENS", default=llm.MAX_TOKENS)
USER_DAILY_TOKENS = env.int("USER_DAILY_TOKENS", default=0)
USAGE_TIME_ZONE = env.str("USAGE_TIME_ZONE", default="UTC")

LLM_KEYS = {
    name.removeprefix("LLM_KEY_"): (env.str(f"LLM_URL_{name[8:]}", default="").rstrip("/"), key)
    for name, key in sorted(env.ENVIRON.items())
    if name.startswith("LLM_KEY_") and key
}
LLM_CONNECT_TIMEOUT_SECONDS = env.seconds("LLM_CONNECT_TIMEOUT_SECONDS", default=10.0)
LLM_FIRST_TOKEN_TIMEOUT_SECONDS = env.seconds("LLM_FIRST_TOKEN_TIMEOUT_SECONDS", default=60.0)
LLM_IDLE_TIMEOUT_SECONDS = env.seconds("LLM_IDLE_TIMEOUT_SECONDS", default=30.0)
LLM_TOTAL_TIMEOUT_SECONDS = env.seconds("LLM_TOTAL_TIMEOUT_SECONDS", default=600.0)
LLM_MAX_COMPLETION_TOKENS = env.int("LLM_MAX_COMPLETION_TOKENS", default=0)
LLM_MAX_RETRIES = env.int("LLM_MAX_RETRIES", default=1)
LLM_REPEAT_SECONDS = env.int("LLM_REPEAT_SECONDS", default=600)
LLM_BATCH_WINDOW_MS = env.int("LLM_BATCH_WINDOW_MS", default=90)
CHANGES_WITHIN_SECONDS = env.float("CHANGES_WITHIN_SECONDS", default=1.0)

WORKER_CONCURRENCY = env.count("WORKER_CONCURRENCY", default=400)
WORKER_DRAIN_SECONDS = env.float("WORKER_DRAIN_SECONDS", default=10.0)
GUARDRAILS = env.list("GUARDRAILS", default=["apps.moderation.policy_guardrail.PolicyGuardrail"])
MODERATION_BASE_URL = env.str("MODERATION_BASE_URL", default="").rstrip("/")
MODERATION_API_KEY = env.str("MODERATION_API_KEY", default="")
RULE_GATE_LABELS = env.int("RULE_GATE_LABELS", default=moderation.RULE_GATE_LABELS)
RULE_GATE_PRECISION = env.share("RULE_GATE_PRECISION", default=moderation.RULE_GATE_PRECISION)
RULE_DEMOTE_PRECISION = env.share("RULE_DEMOTE_PRECISION", default=moderation.RULE_DEMOTE_PRECISION)
MODERATION_COLLAPSE_SEVERITY = int(
    env.choice("MODERATION_COLLAPSE_SEVERITY", ["1", "2", "3", "4"], default="3")
)
MODERATION_SEVERE_IN_A_ROW = env.int("MODERATION_SEVERE_IN_A_ROW", default=10)

WEBHOOKS_ALLOW_LOOPBACK = env.bool("WEBHOOKS_ALLOW_LOOPBACK", default=False)
ADMIN_NOTICE = "apps.users.services.admin_mail.tell_admins"
SHARING = env.bool("SHARING", default=True)
ACCOUNT_DELETION_DAYS = env.int("ACCOUNT_DELETION_DAYS", default=14)
EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
DELETED_KEEP_DAYS = env.int("DELETED_KEEP_DAYS", default=conversations.DELETED_KEEP_DAYS)

BELONGINGS = "apps.conversations.conversation_belongings.ConversationsOfPerson"
PURGE_HOLD = "apps.moderation.conversation_hold.CaseHold"
ENFORCEMENT_HOLD = "apps.moderation.conversation_hold.DecisionHold"
AUDIT_SUBJECTS = "apps.moderation.audit_subjects.AuditSubjects"
HIDING_DESK = "apps.moderation.conversation_desk.CaseDesk"
STANDING_DESK = "apps.moderation.person_desk.PersonDesk"
READING_GATE = "apps.moderation.conversation_gate.CaseGate"
API_AUTHENTICATOR = "apps.users.services.authentication.authenticate_token"
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

RATE_LIMIT_API = env.rate("RATE_LIMIT_API", default="600/minute")
RATE_LIMIT_CHAT = env.rate("RATE_LIMIT_CHAT", default="30/minute")
RATE_LIMIT_FORMULAS = env.rate("RATE_LIMIT_FORMULAS", default="120/minute")
RATE_LIMIT_SEARCH = env.rate("RATE_LIMIT_SEARCH", default="120/minute")
RATE_LIMIT_EXPORT = env.rate("RATE_LIMIT_EXPORT", default="5/day")
RATE_LIMIT_SHARED = env.rate("RATE_LIMIT_SHARED", default="60/minute")
RATE_LIMIT_SIGNUP = env.rate("RATE_LIMIT_SIGNUP", default="20/hour")
RATE_LIMIT_LOGIN = env.rate("RATE_LIMIT_LOGIN", default="10/minute")

EMAIL_URL = env.str("EMAIL_URL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="parley@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_CONFIG = env.mail(EMAIL_URL, is_deployed=IS_DEPLOYED)
HAS_MAIL = bool(EMAIL_URL) or not IS_DEPLOYED
vars().update(EMAIL_CONFIG)


def _refuse_unsafe_values() -> None:
    """Name everything that is missing, unusable or unsafe for this environment in one error."""
    is_database = has_scheme("postgresql", "postgres")
    needed = [
        (is_database(DATABASE_URL), "DATABASE_URL must be a postgresql:// address"),
        (has_scheme("redis", "rediss", "unix")(REDIS_URL), "REDIS_URL must be a redis:// address"),
        *((is_found(name), f"GUARDRAILS names {name}, which is not there") for name in GUARDRAILS),
        (is_time_zone(USAGE_TIME_ZONE), "USAGE_TIME_ZONE must be a name such as Europe/Oslo"),
    ]
    needed_when_deployed = [
        (
            len(SECRET_KEY) >= 50 and len(set(SECRET_KEY)) >= 5,
            "SECRET_KEY must be a random text of at least 50 characters",
        ),
        (
            all(len(key) >= 50 for key in SECRET_KEY_FALLBACKS),
            "SECRET_KEY_FALLBACKS must hold former secret keys, each of at least 50 characters",
        ),
        (not DEBUG, "DEBUG must be false"),
        (not WEBHOOKS_ALLOW_LOOPBACK, "WEBHOOKS_ALLOW_LOOPBACK must be false"),
        (bool(OPENAI_API_KEY), "OPENAI_API_KEY is missing"),
        (
            PUBLIC_URL.startswith("https://"),
            "PUBLIC_URL must be the https:// address that people open",
        ),
        ("*" not in ALLOWED_HOSTS, "ALLOWED_HOSTS must name the hosts, not *"),
        (
            env.has("NUM_PROXIES"),
            "NUM_PROXIES must say how many proxies stand in front (0 for none)",
        ),
    ]
    if IS_DEPLOYED:
        needed += needed_when_deployed
    addresses = unusable_addresses(
        servers={
            "OPENAI_BASE_URL": OPENAI_BASE_URL,
            **({"MODERATION_BASE_URL": MODERATION_BASE_URL} if MODERATION_BASE_URL else {}),
        },
        providers=LLM_KEYS,
        origins={
            "ALLOWED_ORIGINS": ALLOWED_ORIGINS[1:],
            "CORS_ALLOWED_ORIGINS": CORS_ALLOWED_ORIGINS,
        },
    )
    problems = [*env.problems, *(problem for is_met, problem in needed if not is_met), *addresses]
    refuse(ENVIRONMENT, problems)


_refuse_unsafe_values()

SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

DATABASES = databases_of(
    env.db_url_config(DATABASE_URL),
    pool_size=None if ENVIRONMENT == ApplicationEnvironment.TEST else DATABASE_POOL_SIZE,
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = caches_of(REDIS_URL, seconds=REDIS_TTL)
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
CHANNEL_LAYERS = channel_layers_of(REDIS_URL)
PROCRASTINATE_IMPORT_PATHS = ["apps.moderation.mail_tasks"]

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["apps.users.backends.EmailBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "chat:index"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.MD5PasswordHasher",
]
if ENVIRONMENT == ApplicationEnvironment.TEST:
    PASSWORD_HASHERS.reverse()
else:
    PASSWORD_HASHERS.pop()

ACCOUNT_ADAPTER = "apps.users.allauth_adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.users.forms.SignupForm"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_URL else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Parley: "
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "apps.users.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Parley"
MFA_ALLOW_UNVERIFIED_EMAIL = not EMAIL_URL
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")
ACCOUNT_RATE_LIMITS = limits_of_pages(signup=RATE_LIMIT_SIGNUP, login=RATE_LIMIT_LOGIN)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["apps.core.formats"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "apps.core.staticfiles.HashedModuleStorage"
        if IS_DEPLOYED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    if NUM_PROXIES > 0:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CORS_URLS_REGEX = r"^/(api|openai)/.*$"
CORS_ALLOW_CREDENTIALS = False

NINJA_NUM_PROXIES = NUM_PROXIES
NINJA_PAGINATION_MAX_LIMIT = 100

LOGGING = logging_of(LOG_LEVEL)
