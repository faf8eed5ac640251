"""Asks one Z39.50 target through Debian's libyaz (its ZOOM C API), in a process of its own.

Run as a file, with the question as JSON on standard input; prints the answer as JSON. It knows
nothing of the program, so it starts quickly, and a crash in the library ends only this process.
ZOOM: https://software.indexdata.com/yaz/doc/zoom.html
"""

import base64
import ctypes
import ctypes.util
import json
import sys
from typing import Any

LIBRARIES = ("libyaz.so.5", "libyaz.so.6", "libyaz.so.4")


def library() -> Any:
    """Return libyaz with the types of what is used of it, or None where it is not installed."""
    for name in (*LIBRARIES, ctypes.util.find_library("yaz")):
        try:
            yaz = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if yaz is not None:
            return _typed(yaz)
    return None


def _typed(yaz: Any) -> Any:
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    pointers = ctypes.POINTER(text)
    for name, gives, takes in (
        ("ZOOM_options_create", pointer, []),
        ("ZOOM_options_set", None, [pointer, text, text]),
        ("ZOOM_connection_create", pointer, [pointer]),
        ("ZOOM_connection_connect", None, [pointer, text, ctypes.c_int]),
        ("ZOOM_connection_error", ctypes.c_int, [pointer, pointers, pointers]),
        ("ZOOM_connection_search_pqf", pointer, [pointer, text]),
        ("ZOOM_resultset_size", ctypes.c_size_t, [pointer]),
        ("ZOOM_resultset_record", pointer, [pointer, ctypes.c_size_t]),
        ("ZOOM_record_get", pointer, [pointer, text, ctypes.POINTER(ctypes.c_int)]),
    ):
        function = getattr(yaz, name)
        function.restype, function.argtypes = gives, takes
    return yaz


def ask(yaz: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Connect, search, fetch the first records as the bytes they came in."""
    options = yaz.ZOOM_options_create()
    for name, value in (
        ("databaseName", asked["database"]),
        ("preferredRecordSyntax", "xml" if asked["syntax"] == "marcxml" else "usmarc"),
        ("elementSetName", "marcxml" if asked["syntax"] == "marcxml" else "F"),
        ("timeout", str(asked["seconds"])),
        ("presentChunk", str(asked["most"])),
        ("count", str(asked["most"])),
        ("implementationName", "Sen"),
        ("user", asked["user"]),
        ("group", asked["group"]),
        ("password", asked["password"]),
    ):
        if not value:
            continue
        yaz.ZOOM_options_set(options, name.encode(), value.encode())
    connection = yaz.ZOOM_connection_create(options)
    host = asked["host"]
    yaz.ZOOM_connection_connect(connection, host.encode(), asked["port"])
    if problem := _problem(yaz, connection):
        return problem
    results = yaz.ZOOM_connection_search_pqf(connection, asked["query"].encode())
    if problem := _problem(yaz, connection):
        return problem
    hits = yaz.ZOOM_resultset_size(results)
    records = []
    for place in range(min(hits, asked["most"])):
        record = yaz.ZOOM_resultset_record(results, place)
        size = ctypes.c_int(0)
        raw = yaz.ZOOM_record_get(record, b"raw", ctypes.byref(size)) if record else None
        if raw:
            held = ctypes.string_at(raw, size.value) if size.value > 0 else ctypes.string_at(raw)
            records.append(base64.b64encode(held).decode())
    if not records and (problem := _problem(yaz, connection)):
        return problem
    return {"hits": hits, "records": records}


def _problem(yaz: Any, connection: Any) -> dict[str, Any]:
    message, more = ctypes.c_char_p(), ctypes.c_char_p()
    number = yaz.ZOOM_connection_error(connection, ctypes.byref(message), ctypes.byref(more))
    if not number:
        return {}
    said = [one.value.decode("utf-8", "replace") for one in (message, more) if one.value]
    return {"error": number, "said": " · ".join(said)}


def main() -> None:
    """Answer the question on standard input."""
    asked = json.load(sys.stdin)
    yaz = library()
    answer = {"error": -1, "said": ""} if yaz is None else ask(yaz, asked)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
