"""Which addresses the server may call for an administrator.

Only http, https and Z39.50; only ports 80, 443, 210 and those above 1023; no private address
unless the target says that it stands inside, and never a link-local one. What is checked is the
numeric address that is then called, so a name cannot change its meaning in between.
"""

import ipaddress
import socket
from threading import Thread
from typing import Any

from cataloging.targets.answers import Failed


def is_port_allowed(port: int) -> bool:
    """Tell whether a port may be called."""
    return port in (80, 443, 210) or 1023 < port < 65536


def numeric_address(host: str, port: int, *, inside: bool, seconds: float) -> str:
    """Return the numeric address of a host that may be called. Raises ``Failed``."""
    if not is_port_allowed(port):
        raise Failed("port_forbidden", str(port))
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    asking = Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(seconds)
    if asking.is_alive():
        raise Failed("too_slow", host)
    addresses = [str(one[4][0]) for one in found]
    if not addresses:
        raise Failed("no_such_host", host)
    for address in addresses:
        if _may_be_called(address, inside=inside):
            return address
    raise Failed("private_address", f"{host} ({addresses[0]})")


def _may_be_called(address: str, *, inside: bool) -> bool:
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped:
        one = one.ipv4_mapped
    if one.is_link_local or one.is_multicast or one.is_unspecified:
        return False
    return inside or one.is_global
