"""A card is checked by its QR code in a browser whose line is gone."""

import pytest

from circulation.patrons.cards import replace_card
from circulation.patrons.models import PatronCard
from circulation.patrons.signed import signed_text
from ils.accounts.actor import system_actor
from ils.core.db import transaction
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_card_is_checked_without_a_line(page, place, serve):
    with transaction() as session:
        texts = []
        for name in ("Lan", "Hoa"):
            patron = factories.create_patron(session, place.province.branch, name)
            card = session.query(PatronCard).filter_by(patron_id=patron.id).one()
            texts.append(signed_text(card, patron.category))
        replace_card(session, system_actor(session), patron.id)
    server = serve()
    page.goto(f"{server.url}/verify#{texts[0]}")
    page.wait_for_selector("[data-answer].notice--ok")
    assert "adult" not in page.inner_text("[data-answer]")  # the kind in words
    page.context.set_offline(True)
    forged = texts[0].replace("SEN1:", "SEN1:X", 1)
    for text, tone in ((texts[1], "bad"), (texts[0], "ok"), (forged, "bad"), ("TV1", "bad")):
        page.fill("[name=text]", text)
        page.press("[name=text]", "Enter")
        page.wait_for_selector(f"[data-answer].notice--{tone}")
    assert page.inner_text("[data-head]")
    page.context.set_offline(False)
    post = page.request.get(f"{server.url}/verify")
    assert post.ok
