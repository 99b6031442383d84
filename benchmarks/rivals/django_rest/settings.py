"""Middleware, authentication and the log of requests, which a project has by default, are left out: they would only
make it slower."""

DEBUG = False
SECRET_KEY = "of no use here"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "django_rest.urls"
INSTALLED_APPS = ["rest_framework", "django_rest"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "events.db",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        },
    }
}
