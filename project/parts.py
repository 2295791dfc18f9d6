"""What the product is put together from, in every environment alike."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "apps.core.admin_kit.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "corsheaders",
    "ninja",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "apps.core",
    "apps.audit",
    "apps.webhooks",
    "apps.users",
    "apps.llm",
    "apps.conversations",
    "apps.moderation",
    "apps.accounts",
]

MIDDLEWARE = [
    "apps.core.middleware.CorrelationMiddleware",
    "apps.core.middleware.ObservationMiddleware",
    "apps.core.middleware.ContentSecurityPolicyMiddleware",
    "apps.core.middleware.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "apps.core.middleware.ApiMiddleware",
    "apps.core.middleware.LanguageMiddleware",
    "apps.core.middleware.ZoneMiddleware",
    "apps.core.middleware.SignInMiddleware",
    "apps.core.middleware.SessionMiddleware",
    "apps.core.middleware.CommonMiddleware",
    "apps.core.middleware.CsrfViewMiddleware",
    "apps.core.middleware.AuthenticationMiddleware",
    "apps.core.middleware.MessageMiddleware",
    "apps.core.middleware.NotAllowedMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.middleware.ConfirmationMiddleware",
    "apps.core.middleware.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context_processors.site",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "apps.users.password_validation.LengthValidator"},
    {"NAME": "apps.users.password_validation.CharacterClassValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
