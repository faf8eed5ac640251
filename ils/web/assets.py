"""Static files and the weight of pages: addresses that carry a content hash, and gzip.

A hashed address may be kept by browsers for a year, so a second visit fetches the page alone.
Compressed static files are kept in memory; there are few and they are small.
"""

import gzip
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

LEAST = 700  # bytes; below this gzip saves nothing on the wire
TEXTS = ("text/", "application/json", "application/javascript", "application/problem+json")
MORE_TEXTS = ("image/svg+xml", "application/xml", "application/ld+json", "application/manifest")
YEAR = 365 * 86400


def install(app: Flask) -> None:
    """Give templates ``asset(package, file)`` and compress what leaves the program."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_finish)


def asset(package: str, filename: str) -> str:
    """Return the address of a package's static file, with the hash of its content.

    ``package`` is the blueprint's name; a file that does not exist gives an address without hash.
    """
    folder = _folder(package)
    file = Path(folder) / filename if folder else None
    if file is None or not file.is_file():
        return url_for(f"{package}.static", filename=filename)
    return url_for(
        f"{package}.static", filename=filename, v=_hash(str(file), file.stat().st_mtime_ns)
    )


def _folder(package: str) -> str | None:
    blueprint = current_app.blueprints.get(package)
    return blueprint.static_folder if blueprint else None


@lru_cache(maxsize=256)
def _hash(file: str, _changed: int) -> str:
    return blake2b(Path(file).read_bytes(), digest_size=6).hexdigest()


def _finish(response: Response) -> Response:
    static = (request.endpoint or "").endswith("static")
    if static and request.args.get("v") and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    if not _compressible(response):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or request.method == "HEAD":
        return response
    if static:
        response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST:
        return response
    response.set_data(_packed(body) if static else gzip.compress(body, 5, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if response.headers.get("ETag"):
        etag, _weak = response.get_etag()
        response.set_etag(f"{etag}-gzip", weak=True)
    return response


def _compressible(response: Response) -> bool:
    kind = response.mimetype or ""
    return (
        response.status_code not in (204, 206, 304)
        and "Content-Encoding" not in response.headers
        and not response.headers.get("Content-Disposition", "").startswith("attachment")
        and (not response.is_streamed or (request.endpoint or "").endswith("static"))
        and (kind.startswith(TEXTS) or kind.startswith(MORE_TEXTS))
    )


@lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
