"""Sign-in: passwords, sessions, django-allauth and the API's tokens."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from milkdelivery.settings import environment as env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signin.backend.ContactBackend"]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if env.IS_TEST:  # hashing is slow on purpose, and tests make many users
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email", "contact_email", "phone", "contact_phone")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 3600  # seconds

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# allauth: no usernames; people are known by e-mail or phone, and a stranger learns nothing about either.
ACCOUNT_ADAPTER = "accounts.signin.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# allauth would write addresses there that nobody has proven. User.email is written by accounts.actions alone.
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email", "phone", "password1*"]  # one of the two contacts; the forms see to it
SILENCED_SYSTEM_CHECKS = ["account.W001"]  # which wants one of them to be compulsory
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.naming.NamedSignup"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.entry.SignupForm",
    "login": "accounts.forms.entry.LoginForm",
    "request_login_code": "accounts.forms.entry.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.entry.ConfirmLoginCodeForm",
    "verify_phone": "accounts.forms.entry.VerifyPhoneForm",
    "reauthenticate": "accounts.forms.entry.ReauthenticateForm",
    "add_email": "accounts.forms.entry.AddEmailForm",
    "reset_password": "accounts.forms.entry.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.entry.ResetPasswordKeyForm",
    "change_password": "accounts.forms.entry.ChangePasswordForm",
    "set_password": "accounts.forms.entry.SetPasswordForm",
}
ACCOUNT_PREVENT_ENUMERATION = "strict"  # an address that somebody has may be typed again; it stays unproven
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one replaces it once it is proven
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before e-mail address or phone change
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # seconds
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if env.IS_PROD else "http"
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/300s/key",
    "change_phone": "3/m/user",
    "verify_phone": "1/30s/key,6/m/ip",
    "confirm_email": "1/60s/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0)
USERSESSIONS_TRACK_ACTIVITY = False

# The API: short access tokens signed with our key; a revoked session stops them at once.
HEADLESS_CLIENTS = ("app",)
HEADLESS_ADAPTER = "accounts.signin.headless.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "accounts.signin.tokens.TokenStrategy"  # noqa: S105
HEADLESS_JWT_ALGORITHM = "RS256"
HEADLESS_JWT_PRIVATE_KEY = env.signing_key()
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300  # seconds
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 30 * 86_400  # seconds
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None

# Text messages: who hands them on, and the gateway they go through.
SMS_SENDER = "notifications.texts.send_text"
_SMS_GATEWAYS = {"test": "MemoryBackend", "prod": "MissingBackend"}
SMS_BACKEND = env.text("SMS_BACKEND", f"notifications.channels.sms.{_SMS_GATEWAYS.get(env.ENV, 'ConsoleBackend')}")
if env.IS_PROD and SMS_BACKEND.endswith((".ConsoleBackend", ".MemoryBackend")):
    raise ImproperlyConfigured("SMS_BACKEND must name a gateway in production: this one keeps codes for all to read.")

# Pushes to browsers and apps: the service they go through.
_PUSH_SERVICES = {"test": "MemoryBackend", "prod": "MissingBackend"}
PUSH_BACKEND = env.text("PUSH_BACKEND", f"notifications.channels.push.{_PUSH_SERVICES.get(env.ENV, 'ConsoleBackend')}")
