"""How the staff's pages look: the colours of static/css/tokens.css in the admin's theme."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "Parley",
    "SITE_HEADER": "Parley",
    "SITE_SUBHEADER": "Staff",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("icons/favicon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("icons/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [
        lambda request: static("css/tokens.css"),
        lambda request: static("css/admin.css"),
        lambda request: static("css/admin/frame.css"),
    ],
    "BORDER_RADIUS": "10px",
    "COLORS": {
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-300)",
            "important-light": "var(--color-base-950)",
            "important-dark": "var(--color-base-100)",
        },
        "base": {
            "50": "#f7f9f8",
            "100": "#edf1ef",
            "200": "#dbe3e0",
            "300": "#c3cecb",
            "400": "#a0aeaa",
            "500": "#6c7c77",
            "600": "#51605c",
            "700": "#37423f",
            "800": "#2a3432",
            "900": "#161c1b",
            "950": "#0f1413",
        },
        "primary": {
            "50": "#e0f1ec",
            "100": "#c8e8df",
            "200": "#a9ecdd",
            "300": "#8be3d0",
            "400": "#63d2bb",
            "500": "#3fb09a",
            "600": "#0b6b5d",
            "700": "#085347",
            "800": "#07483e",
            "900": "#12332d",
            "950": "#04211b",
        },
    },
    "SIDEBAR": {
        "show_all_applications": False,
        "navigation": "apps.core.admin_kit.site.sidebar",
    },
}
