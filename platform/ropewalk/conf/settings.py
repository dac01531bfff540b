"""Django settings: fixed choices here, everything that differs between installations from :mod:`ropewalk.conf.env`."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext

from ropewalk.conf import logs
from ropewalk.conf.env import ROOT, env

django_stubs_ext.monkeypatch()  # lets our classes name the model of a generic Django class

DEBUG = env.debug
# An empty key is refused by Django at first use; the launcher makes one for each home.
SECRET_KEY = env.secret_key
ROPEWALK_OLD_SECRET_KEYS = env.old_secret_keys
ROPEWALK_HOME: Path = env.home
ROPEWALK_URL = env.url
ROPEWALK_SIGNUP_OPEN = env.signup_open
ROPEWALK_MAX_OBJECT_BYTES = env.max_object_bytes
ROPEWALK_MAX_PUSH_BYTES = env.max_push_bytes
ROPEWALK_PORT = env.port
ROPEWALK_MAX_IMPORT_BYTES = env.max_import_bytes
ROPEWALK_MIRROR_MIN_MINUTES = env.mirror_min_minutes
ROPEWALK_MIRRORS_AT_ONCE = env.mirrors_at_once
ROPEWALK_ALLOWED_NETWORKS = env.allowed_networks
ROPEWALK_CA_FILE = env.ca_file
ROPEWALK_MAX_DATA_FETCH_BYTES = env.max_data_fetch_bytes
ROPEWALK_MAX_ARTIFACT_BYTES = env.max_artifact_bytes
ROPEWALK_PROJECT_QUOTA = env.project_quota
ROPEWALK_OWNER_QUOTA = env.owner_quota
ROPEWALK_MAX_RELEASE_FILE_BYTES = env.max_release_file_bytes
ROPEWALK_BODY_STALL_SECONDS = env.body_stall_seconds
ROPEWALK_PURGE_AFTER_DAYS = env.purge_after_days
ROPEWALK_REMOVED_DATA_DAYS = env.removed_data_days
ROPEWALK_SCRUB_DAYS = env.scrub_days
ROPEWALK_NAME_GRACE_DAYS = env.name_grace_days
ROPEWALK_JOB_MEMORY_MB = env.job_memory_mb
ROPEWALK_S3 = env.s3
ROPEWALK_PACK_CACHE_BYTES = env.pack_cache_bytes
ROPEWALK_BLOB_COPIES_BYTES = env.blob_copies_bytes
ROPEWALK_SSH_PORT, ROPEWALK_SSH_BIND = env.ssh_port, env.ssh_bind
ROPEWALK_SSH_URL = env.ssh_url
SSH_HOST_KEY: Path = env.home / "ssh" / "host_ed25519"
PACK_CACHE_ROOT: Path = env.home / "cache" / "packs"
BLOB_COPIES_ROOT: Path = env.home / "cache" / "blobs"
REPOSITORIES_ROOT: Path = env.home / "repos"
OBJECTS_ROOT: Path = env.home / "objects"
DATABASE_URL = env.database_url
ROPEWALK_TRUSTED_PROXIES = env.trusted_proxies

_site = urlsplit(env.url)
ALLOWED_HOSTS = list(env.allowed_hosts) or [_site.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [env.url]
USE_X_FORWARDED_HOST = env.trusted_proxies > 0
if env.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ropewalk.core",
    "ropewalk.accounts",
    "ropewalk.projects",
    "ropewalk.access",
    "ropewalk.quotas",
    "ropewalk.repos",
    "ropewalk.releases",
    "ropewalk.buckets",
    "ropewalk.outside",
    "ropewalk.data",
    "ropewalk.tracking",
    "ropewalk.comparisons",
    "ropewalk.monitors",
    "ropewalk.edges.web",
    "ropewalk.edges.mlflow_http",
    "ropewalk.edges.ssh",
]

MIDDLEWARE = [
    "ropewalk.conf.middleware.RequestContextMiddleware",
    "ropewalk.edges.web.security.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ropewalk.conf.middleware.DataClientsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "ropewalk.conf.urls"
WSGI_APPLICATION = "ropewalk.conf.wsgi.application"
APPEND_SLASH = False

# A server whose machine is gone answers nothing at all: without these a thread would wait for minutes to connect, for hours on a
# connection. All in seconds, for TCP alone but the first; a DATABASE_URL may say otherwise.
_PATIENCE = {"connect_timeout": 10, "keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3}
_database = dj_database_url.parse(
    env.database_url or "postgresql:///ropewalk", conn_max_age=600, conn_health_checks=True
)
DATABASES = {
    "default": {
        **_database,
        "ATOMIC_REQUESTS": False,
        # Lets core.statements prepare its statements; Django's own are sent as text, which is never prepared.
        "OPTIONS": {**_PATIENCE, "prepare_threshold": 5, **_database.get("OPTIONS", {})},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url or "redis://127.0.0.1:6379/0"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ropewalk",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    },
    "derived": {
        "BACKEND": "ropewalk.core.derived.ForgivingCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ropewalk-derived",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    },
}
# redis-py names a unix socket `unix://`, Celery's transport `redis+socket://`.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "ropewalk.accounts.adapter.AccountAdapter"
ACCOUNT_USERNAME_VALIDATORS = "ropewalk.accounts.names.username_validators"
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.trusted_proxies
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "signup": "20/m/ip"}

_mail = urlsplit(env.email_url)
if _mail.scheme == "console":
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
else:
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
DEFAULT_FROM_EMAIL = env.email_from

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ropewalk.edges.web.context.frame",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = env.home / "static"
STATICFILES_DIRS = [ROOT / "frontend" / "dist"] if (ROOT / "frontend" / "dist").is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = env.debug

LANGUAGE_CODE = "en"
USE_I18N = False  # one language: nothing on a page is looked up in a catalogue
TIME_ZONE = "UTC"
USE_TZ = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _site.scheme == "https"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20
FILE_UPLOAD_HANDLERS = ["ropewalk.edges.web.upload_limit.BoundedUpload"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "ropewalk.edges.api.errors.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Ropewalk API",
    "DESCRIPTION": "The DagsHub-compatible REST API of Ropewalk. Authenticate with a token (`Authorization: Bearer …`) or Basic.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic"},
        }
    },
    "SECURITY": [{"token": []}, {"basic": []}],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = logs.configuration(env.log_format, env.log_level)
