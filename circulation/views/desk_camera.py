"""The camera of a phone or laptop as scanner: what the browser cannot read, the server reads.

A page from a plain http address gets no camera from the browser; there the form sends a photo.
"""

from typing import Any

from flask import jsonify, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from circulation.camera import read_codes
from circulation.views.desk import bp
from circulation.views.desk_scan import scanned
from circulation.views.desk_show import respond, show
from circulation.views.desk_state import USE, Answer, State, new_key
from ils.core.errors import IlsError
from ils.web.door import door
from ils.web.errors import message, sentence_for


@bp.post("/camera")
@door(USE)
def camera() -> Any:
    """Read the codes of a picture. A fetch gets their texts; a form has the first one scanned."""
    sent = request.files.get("photo")
    photo = sent.read() if sent is not None else b""
    if request.headers.get("X-Requested-With") == "fetch":
        return jsonify(codes=read_codes(photo))
    state = State.from_request()
    try:
        codes = read_codes(photo)
        if not codes:
            text = _("No barcode was found on the photo. Hold it straight and nearer.")
            return show(Answer(state, message=text, tone="red"))
        return respond(scanned(state, codes[0], request.form.get("key") or new_key()))
    except IlsError as error:
        return show(Answer(state, message=sentence_for(error), tone="red"))


def say() -> None:
    """Give the refusals of this module their sentences."""
    message("picture_unreadable", _l("This is not a picture the program can read."))
    message("picture_too_large", _l("The picture is larger than %(megabytes)s MB."))
