"""Headers and cookies that keep a page's content its own."""

import secrets

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from ils.core.config import config

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)


def harden(app: Flask) -> None:
    """Set cookie flags, security headers, upload limit and the trust in proxies."""
    app.config.update(
        SECRET_KEY=config().secret_key or secrets.token_urlsafe(32),
        SESSION_COOKIE_NAME="sen",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config().https,
        MAX_CONTENT_LENGTH=config().upload_limit_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    if config().trusted_proxies:
        hops = config().trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    app.after_request(_headers)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "geolocation=(), microphone=()")
    if config().https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.path.startswith("/staff"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
