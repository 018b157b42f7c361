"""The mobile API: how it reads, answers and describes itself."""

from __future__ import annotations

from milkdelivery.settings import environment as env

ORDERS_RATE = "60/min"
"""New orders, and the checks before them, of one person, or of one address for guests."""

PROMO_CODES_RATE = env.text("PROMO_CODES_RATE", "30/hour")
"""Promo codes that one person, or one address for guests, may try: so many that nobody guesses one."""

REST_FRAMEWORK = {
    # The token class comes first: a guest then gets 401 (sign in), not 403 (not for you).
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["milkdelivery.core.api.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["milkdelivery.core.api.questions.FilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "milkdelivery.core.api.CursorPagination",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "milkdelivery.core.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "milkdelivery.core.api.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "NUM_PROXIES": env.number("TRUSTED_PROXIES", 0),
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{env.text('BRAND_NAME', 'Bhor Dairy')} API",
    "DESCRIPTION": "What the mobile app speaks: catalogue, cart, orders, deliveries and people.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.signin.spec.merge_sign_in",
    ],
    "ENUM_NAME_OVERRIDES": {
        "SlotCode": "milkdelivery.core.models.DeliverySlot.Code",
        "OrderStatus": "orders.models.Order.Status",
        "PaymentStatus": "orders.models.Order.PaymentStatus",
        "OrderLineStatus": "orders.models.OrderLine.Status",
        "PaymentState": "payments.models.Payment.Status",
        "PaymentMethod": "payments.models.Payment.Method",
        "DeliveryStatus": "deliveries.models.Delivery.Status",
        "FailureReason": "deliveries.models.Delivery.FailureReason",
        "RouteStatus": "deliveries.models.Route.Status",
        "GivenBackReason": "orders.models.VendorAnswer.Reason",
        "ClaimReason": "orders.models.ClaimLine.Reason",
        "Availability": ["IN_STOCK", "LOW", "OUT"],
        "CheckoutStepName": ["CART", "PERSON", "ADDRESS", "TIME", "PAYMENT"],
        "TimelineStep": "orders.api.serializers.STEPS",
        "IfShort": "orders.models.OrderLine.IfShort",
        "DeliveryReason": ["NO_FEE", "FEE", "FREE_FROM", "PROMOTION"],
        "CartNewsKind": ["CAPPED", "NO_ROOM", "GONE", "PRICE"],
        "MessageChannel": "accounts.api.serializers.CHANNELS",
        "LineState": ["OK", "LOW", "SHORT", "UNAVAILABLE"],
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
