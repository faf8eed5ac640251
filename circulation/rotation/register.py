"""What rotation brings into the house: pages, a menu entry, sentences, figures for reports."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.rotation import indicators, words
from circulation.rotation.boxes import MANAGE
from circulation.rotation.views import (
    claim_views,
    paper_views,
    point_page,
    point_views,
    scanning,
    views,
)
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install rotation."""
    for bp in (
        views.bp,
        scanning.bp,
        claim_views.bp,
        paper_views.bp,
        point_views.bp,
        point_page.bp,
    ):
        app.register_blueprint(bp)
    indicators.declare()
    menu_entry(_l("Books on the way"), _l("Rotating sets"), "rotation.boxes", MANAGE, order=167)
    name_acts(
        rotation_point_written=_l("Point of rotation written"),
        box_opened=_l("Box begun"),
        box_sent=_l("Box sent"),
        box_unsent=_l("Box opened again before it left"),
        box_canceled=_l("Box given up"),
        box_extended=_l("Box extended"),
        box_moved_on=_l("Box moved on to the next point"),
        box_received=_l("Box received at its point"),
        box_unreceived=_l("Receipt of a box taken back"),
        box_closed=_l("Return of a box closed"),
        box_reopened=_l("Return of a box opened again"),
        box_settled=_l("Missing copies of a box settled"),
        box_paid=_l("Point has paid for missing copies"),
        box_let_off=_l("Point let off what it owed"),
        box_let_off_undone=_l("Letting off taken back"),
        box_given=_l("Box given for good"),
        box_gift_undone=_l("Gift of a box taken back"),
        box_entered=_l("Copies of a given box entered"),
        figures_taken_back=_l("Figures of a point taken back"),
        box_linked=_l("Link for a point made"),
    )
    name_subjects(consignment=_l("box"), rotation_point=_l("point of rotation"))
    for code, text in words.MESSAGES.items():
        message(code, text)
