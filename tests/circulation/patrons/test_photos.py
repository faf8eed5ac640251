"""Photos: whatever a camera gives becomes small, upright, 3×4 and silent about where it was."""

import io

import pytest
from PIL import Image

from circulation.patrons.photos import HEIGHT, WIDTH, made_small
from ils.core import db
from ils.core.config import config
from ils.core.errors import Invalid
from tests.factories import create_patron

GPS, ORIENTATION = 0x8825, 0x0112


def picture(size=(1600, 1200), mode="RGB", kind="JPEG", **more):
    """A picture whose left half is red and right half is blue."""
    made = Image.new(mode, size, (0, 0, 255) if mode == "RGB" else (0, 0, 0, 0))
    if mode == "RGB":
        made.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


def opened(content):
    return Image.open(io.BytesIO(content))


def test_a_phones_picture_is_turned_stripped_and_made_small():
    marks = Image.Exif()
    marks[ORIENTATION] = 6  # the phone was held upright: turn a quarter to the right
    marks.get_ifd(GPS)[1] = "N"
    small = made_small(picture((4000, 3000), exif=marks))
    photo = opened(small)
    assert photo.size == (WIDTH, HEIGHT)
    assert len(small) < 40_000
    assert not photo.getexif()
    red, blue = photo.getpixel((150, 20)), photo.getpixel((150, 380))
    assert red[0] > 200 > blue[0]
    assert blue[2] > 200 > red[2]


def test_what_is_clear_becomes_white():
    photo = opened(made_small(picture(mode="RGBA", kind="PNG")))
    assert photo.getpixel((150, 200)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content", [b"", b"MZ not a picture", picture()[:300], picture(kind="BMP")]
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(Invalid, match="photo_unreadable"):
        made_small(content)


def test_a_picture_that_would_fill_the_memory_is_refused():
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    with pytest.raises(Invalid, match="photo_"):
        made_small(bomb.getvalue())


def test_a_photo_is_kept_shown_changed_and_taken_away(province, staff_client):
    with db.transaction() as session:
        patron = create_patron(session, province.branch, consent=True)
    clerk = staff_client("clerk", province.branch)
    page = f"/staff/patrons/{patron.id}"
    assert clerk.get(f"{page}/photo.jpg").status_code == 404

    def send(content, **more):
        data = {"photo": (io.BytesIO(content), "mat.jpg"), **more}
        return clerk.post(f"{page}/photo", data=data, content_type="multipart/form-data")

    assert send(b"khong phai anh", agreed="1").status_code == 422
    assert send(picture()).status_code == 422  # nobody agreed to a photo
    assert send(picture(), agreed="1").status_code == 302
    shown = clerk.get(f"{page}/photo.jpg")
    assert opened(shown.data).size == (WIDTH, HEIGHT)
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert f"{patron.id}/photo.jpg" in clerk.get(f"/staff/desk?patron={patron.id}").text
    assert send(picture((300, 400))).status_code == 302
    assert (
        len(list((config().files_dir / "kept").glob("*/*"))) == 2
    )  # the old one waits for the sweep
    stranger = staff_client("clerk", province.foreign_branch)
    assert stranger.get(f"{page}/photo.jpg").status_code == 404
    assert clerk.post(f"{page}/photo/drop").status_code == 302
    assert clerk.get(f"{page}/photo.jpg").status_code == 404
