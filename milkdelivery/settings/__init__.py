"""Settings. What differs between machines comes from the environment (``environment.py``); nothing else is read here.

``accounts.py`` holds everything about sign-in, ``admin.py`` the back office, ``api.py`` the mobile API, ``logs.py`` the
logs, ``schedules.py`` what the worker does by the clock.
"""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

from milkdelivery.settings import environment as env
from milkdelivery.settings.accounts import *  # noqa: F403
from milkdelivery.settings.admin import *  # noqa: F403
from milkdelivery.settings.api import *  # noqa: F403
from milkdelivery.settings.logs import *  # noqa: F403
from milkdelivery.settings.schedules import *  # noqa: F403

BASE_DIR = env.BASE_DIR
DATA_DIR = env.DATA_DIR
MILK_ENV = env.ENV
MILK_PROCESS = env.PROCESS

DEBUG = env.debug()
SECRET_KEY = env.secret_key()
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.allowed_hosts()

# -- the business ----------------------------------------------------------------------------------------------------

BRAND_NAME = env.text("BRAND_NAME", "Bhor Dairy")
HOME_REGION = env.text("HOME_REGION", "BLR")
HOME_CURRENCY = env.text("HOME_CURRENCY", "INR").upper()
SITE_URL = env.required_in_prod("SITE_URL", f"http://localhost:{env.number('PORT', 8000)}").rstrip("/")
MILK_NOW = env.business_now()
CLOCK_OFFSET = env.clock_offset()
GUARD_TRANSACTIONS = not env.IS_PROD  # mail, gateways and the like inside a transaction are an error, see core.outside

# Whoever takes the money, in the order in which they are offered; "demo" is a pretend bank.
PAYMENT_GATEWAYS = env.gateways()

# What the checkout takes for suspicious, see orders.rules.fraud.
FRAUD_THRESHOLD = env.number("FRAUD_THRESHOLD", 100, least=1)
FRAUD_NEW_ACCOUNT_DAYS = env.number("FRAUD_NEW_ACCOUNT_DAYS", 14)
FRAUD_NEW_ACCOUNT_AMOUNTS = env.amounts("FRAUD_NEW_ACCOUNT_AMOUNTS", "INR 5000, USD 150")
FRAUD_DECLINED_PAYMENTS = env.number("FRAUD_DECLINED_PAYMENTS", 5, least=1)
FRAUD_ORDERS_PER_HOUR = env.number("FRAUD_ORDERS_PER_HOUR", 10, least=2)
FRAUD_PEOPLE_PER_OFFER = env.number("FRAUD_PEOPLE_PER_OFFER", 3, least=2)
COUNTRY_HEADER = env.text("COUNTRY_HEADER", "")  # in which the proxy names the country of an address

# Claims about delivered goods: until when, and what is granted by rule, see orders.rules.claims.
CLAIM_WITHIN_HOURS = env.number("CLAIM_WITHIN_HOURS", 48, least=1)
CLAIM_BY_RULE_AMOUNTS = env.amounts("CLAIM_BY_RULE_AMOUNTS", "INR 150, USD 5")
CLAIM_BY_RULE_MONTH_AMOUNTS = env.amounts("CLAIM_BY_RULE_MONTH_AMOUNTS", "INR 400, USD 15")
CLAIM_BY_RULE_MONTH_CLAIMS = env.number("CLAIM_BY_RULE_MONTH_CLAIMS", 3, least=0)

# Rounds: how fast a van moves, what roads are longer than straight lines, what a door takes, what a crate holds.
ROUND_KILOMETRES_PER_HOUR = env.number("ROUND_KILOMETRES_PER_HOUR", 20, least=1)
ROUND_DETOUR_PERCENT = env.number("ROUND_DETOUR_PERCENT", 130, least=100)
ROUND_SECONDS_PER_DOOR = env.number("ROUND_SECONDS_PER_DOOR", 75, least=1)
PACKS_PER_CRATE = env.number("PACKS_PER_CRATE", 20, least=1)
# What could not be handed over: how often it is tried, for which reasons again, in the next slot or on the next day.
DELIVERY_TRIES = env.number("DELIVERY_TRIES", 2, least=1)
DELIVERY_RETRY_REASONS = env.words("DELIVERY_RETRY_REASONS", "NOBODY_THERE, NO_ACCESS")
DELIVERY_RETRY_NEXT_DAY = env.flag("DELIVERY_RETRY_NEXT_DAY")
ROUND_CLOSES_AFTER_HOURS = env.number("ROUND_CLOSES_AFTER_HOURS", 6, least=1)  # one that its driver forgot to close
# Proof at the door: how far off a driver is marked as far, and for how many days positions and photos are kept.
PROOF_FAR_METRES = env.number("PROOF_FAR_METRES", 300, least=1)
PROOF_DAYS = env.number("PROOF_DAYS", 60, least=1)

# The event log: a failing handler is tried again after 5, 10, 20, … seconds; after the limit it is a dead letter.
EVENT_MAX_ATTEMPTS = env.number("EVENT_MAX_ATTEMPTS", 8, least=1)
EVENT_BACKOFF_SECONDS = 5
EVENT_DELIVERY_DAYS = env.number("EVENT_DELIVERY_DAYS", 30, least=1)  # how long receipts of handled events are kept

# -- applications ----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "milkdelivery.backoffice.apps.BackOfficeConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "django_htmx",
    "django_q",
    "csp",
    "simple_history",
    "milkdelivery.core.apps.CoreConfig",
    "accounts.apps.AccountsConfig",
    "catalog.apps.CatalogConfig",
    "vendors.apps.VendorsConfig",
    "inventory.apps.InventoryConfig",
    "orders.apps.OrdersConfig",
    "payments.apps.PaymentsConfig",
    "deliveries.apps.DeliveriesConfig",
    "cart.apps.CartConfig",
    "subscriptions.apps.SubscriptionsConfig",
    "analytics.apps.AnalyticsConfig",
    "notifications.apps.NotificationsConfig",
    "milkdelivery.demo.apps.DemoConfig",
    # After ours, so that our templates and commands come first.
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "milkdelivery.middleware.ContentPolicyMiddleware",
    "milkdelivery.middleware.RequestLimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "milkdelivery.core.middleware.RequestFactsMiddleware",
    "milkdelivery.core.middleware.RefusalMiddleware",
    "milkdelivery.shopping.ShoppingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.signin.middleware.SignInMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "milkdelivery.urls"
WSGI_APPLICATION = "milkdelivery.wsgi.application"
ASGI_APPLICATION = "milkdelivery.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["milkdelivery.constant_parts"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "milkdelivery.context_processors.brand",
                "milkdelivery.context_processors.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- data ------------------------------------------------------------------------------------------------------------

DATABASES = env.databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    # Shared by all processes: throttles, codes and the like.
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "milk",
    }
    if REDIS_URL
    else {
        "BACKEND": "milkdelivery.core.shared_cache.SharedCache",
        "LOCATION": "cache_entries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # looked at by what adds; the worker removes what expired
    },
    # Inside one process: small reference rows that may be some seconds old.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
}

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db" if REDIS_URL else "milkdelivery.core.session_store"
SESSION_COOKIE_NAME = "milk_session"
SESSION_COOKIE_AGE = 30 * 86_400  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "milk_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# At least once: a task lost with its worker is done again after `retry`, so each is safe to run twice.
Q_CLUSTER = {
    "name": "milkdelivery",
    "orm": "default",
    "workers": env.number("WORKER_PROCESSES", 2, least=1),
    "timeout": 60,
    "retry": 120,
    "max_attempts": 5,
    "ack_failures": False,
    "catch_up": False,
    "bulk": 5,
    "queue_limit": 20,
    "poll": 0.5,
    "save_limit": -1,  # what failed is noted, what went well is not: nobody reads it, and it took longer than the job
    "recycle": 500,
    "label": "Jobs",
    "log_level": "WARNING",
}

# -- files -----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
_BUILT_STATIC = env.ENV in ("demo", "prod")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "milkdelivery.staticfiles.BuiltFilesStorage"
        if _BUILT_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = not _BUILT_STATIC
WHITENOISE_AUTOREFRESH = env.ENV == "dev"

# Bytes of a form or JSON body, and the number of its fields; uploads (photos) have their own, larger limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
UPLOAD_MAX_SIZE = 10_000_000
PICTURES_MAX_SIZE = 60_000_000  # of several pictures in one form
FILE_UPLOAD_PERMISSIONS = 0o640

# -- language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("hi", "हिंदी")]
LANGUAGE_COOKIE_NAME = "milk_language"
LANGUAGE_COOKIE_AGE = 365 * 86_400  # seconds
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# The second mends what Django's own Hindi lacks: the months, hours and errors that our pages show.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "django"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["milkdelivery.formats"]
TIME_ZONE = "UTC"

# -- mail ------------------------------------------------------------------------------------------------------------

_MAIL = env.mail()
EMAIL_BACKEND = "notifications.mail_backend.EmailBackend"  # our log, which hands on to:
MAIL_TRANSPORT = _MAIL.backend
EMAIL_HOST = _MAIL.host
EMAIL_PORT = _MAIL.port
EMAIL_HOST_USER = _MAIL.user
EMAIL_HOST_PASSWORD = _MAIL.password
EMAIL_USE_TLS = _MAIL.use_tls
EMAIL_USE_SSL = _MAIL.use_ssl
EMAIL_FILE_PATH = _MAIL.folder
EMAIL_TIMEOUT = 10  # seconds
ADMIN_EMAIL = env.required_in_prod("ADMIN_EMAIL", "admin@example.com")
DEFAULT_FROM_EMAIL = env.required_in_prod("FROM_EMAIL", f"{BRAND_NAME} <milk@example.com>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = [(BRAND_NAME, ADMIN_EMAIL)]

# -- security --------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# The back office's theme writes inline styles and evaluates expressions; staff only, and still nothing from outside.
CONTENT_SECURITY_POLICY_ADMIN = {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "milkdelivery.core.error_pages.csrf_failure"
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if env.IS_PROD:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the load balancer, inside
    SECURE_HSTS_SECONDS = 365 * 86_400
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
