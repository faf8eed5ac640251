"""Why a target gave nothing, in words that say what to do."""

from typing import Any

from flask_babel import lazy_gettext as _l

PROBLEMS: dict[str, Any] = {
    "not_asked": _l("cannot be asked for this: no index is set for it"),
    "too_busy": _l("was not asked: too many searches are running"),
    "too_slow": _l("did not answer in its time"),
    "no_such_host": _l("the address is not known on the network"),
    "private_address": _l("the address lies in a private network; allow that only on purpose"),
    "port_forbidden": _l("the port may not be called (80, 443, 210 and those above 1023 may)"),
    "scheme_forbidden": _l("only http and https are called"),
    "too_many_redirects": _l("led from one address to the next without end"),
    "refused": _l("nobody answers at this address and port"),
    "broken": _l("broke off the connection"),
    "tls": _l("has no valid certificate"),
    "sign_in_needed": _l("lets nobody in without a name and a password"),
    "sign_in_refused": _l("does not accept our name and password"),
    "password_lost": _l("its password cannot be read any more: type it again"),
    "http_status": _l("answered with an error"),
    "too_large": _l("answered with more than can be taken at once"),
    "not_sru": _l("answered with something that is not SRU; check the address"),
    "bad_xml": _l("answered with damaged XML"),
    "unsafe_xml": _l("answered with XML that is not read for safety"),
    "diagnostic": _l("refused the question"),
    "version_refused": _l("does not speak this version of SRU; choose another"),
    "given_up": _l("was not asked any more: it had failed for the numbers before"),
    "no_yaz": _l("needs YAZ on the server: install Debian's package libyaz5"),
    "library_crashed": _l("made the Z39.50 library fail; the other targets go on"),
}


def say_problem(code: str, detail: str = "") -> str:
    """Say why a target gave nothing."""
    said = str(PROBLEMS.get(code, code))
    return f"{said} ({detail})" if detail else said
