"""The door to kept files: the right is asked at the unit the file belongs to."""

from flask import Blueprint, Response

from ils.core.db import reading
from ils.core.errors import NotFound
from ils.core.files import FILE_KINDS, KeptFile, content_of, kept_file
from ils.org.units import place
from ils.web.door import current_actor, door
from ils.web.downloads import name_file

bp = Blueprint("files", __name__, url_prefix="/staff/files")

SHOWN = ("image/jpeg", "image/png", "image/webp", "application/pdf")  # all else is downloaded


@bp.get("/<int:file_id>")
@door.signed_in
def show(file_id: int) -> Response:
    """Hand out a kept file to those who hold its kind's right where the file belongs."""
    with reading() as session:
        file = kept_file(session, file_id)
        kind = FILE_KINDS.get(file.kind)
        path = place(session, file.unit_id).path if file.unit_id is not None else "/"
        if kind is None or not current_actor().can(kind.permission, path):
            raise NotFound("file_unknown")
        return file_response(file)


def file_response(file: KeptFile) -> Response:
    """Return a kept file as an answer; the caller has checked the right to look."""
    answer = Response(content_of(file), mimetype=file.mime)
    name_file(answer, file.name or f"file-{file.id}", shown=file.mime in SHOWN)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
