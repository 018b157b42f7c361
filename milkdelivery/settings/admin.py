"""The back office: the look and the parts of its frame. What depends on who looks is in `milkdelivery.backoffice`."""

from __future__ import annotations

from milkdelivery.settings import environment as env

_BRAND = env.text("BRAND_NAME", "Bhor Dairy")

UNFOLD = {
    "SITE_TITLE": "milkdelivery.backoffice.frame.brand",
    "SITE_HEADER": "milkdelivery.backoffice.frame.brand",
    "SITE_SUBHEADER": "milkdelivery.backoffice.frame.subheader",
    "SITE_URL": "/",
    "SITE_ICON": "milkdelivery.backoffice.frame.icon",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "milkdelivery.backoffice.frame.favicon"},
    ],
    "STYLES": ["milkdelivery.backoffice.frame.stylesheet"],
    "SCRIPTS": ["milkdelivery.backoffice.frame.script"],
    "ENVIRONMENT": "milkdelivery.backoffice.frame.environment",
    "DASHBOARD_CALLBACK": "milkdelivery.backoffice.dashboard.fill",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COMMAND": {"show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "milkdelivery.backoffice.frame.navigation",
    },
    # The tokens of static/css/app.css as scales: cream to the shop's dark, and the brand's green.
    "COLORS": {
        "base": {
            "50": "#fbf7ee",
            "100": "#f4edde",
            "200": "#e6dcc6",
            "300": "#d2c6ab",
            "400": "#a59c88",
            "500": "#716d5f",
            "600": "#4c594f",
            "700": "#37453c",
            "800": "#2b372f",
            "900": "#1a231d",
            "950": "#111813",
        },
        "primary": {
            "50": "#f0f6f0",
            "100": "#e1ecdf",
            "200": "#c5dcc9",
            "300": "#abe0c1",
            "400": "#93d3ae",
            "500": "#6cbb8f",
            "600": "#1d4b37",
            "700": "#1d4b37",
            "800": "#143828",
            "900": "#0f2b1f",
            "950": "#0b2517",
        },
        "font": {
            "subtle-light": "#6b6a5c",
            "subtle-dark": "#a3aea2",
            "default-light": "#3c4a40",
            "default-dark": "#d3d7cb",
            "important-light": "#18271f",
            "important-dark": "#f4eee0",
        },
    },
}
