"""What the engine of lending brings into the house: settings, permissions, jobs, and its answers
to what the catalogue asks."""

import circulation.events
import circulation.lending_jobs
import circulation.permissions  # noqa: F401  (declares)
from cataloging.hooks import (
    TitleMerging,
    register_availability,
    register_many,
    register_record_veto,
    register_title_lock,
    register_title_merging,
    register_veto,
)
from circulation.availability import (
    availability_of,
    item_vetoes,
    lock_items,
    lock_queues,
    record_vetoes_of,
    vetoes_of,
)
from circulation.losses.papers import loss_papers
from circulation.losses.proposals import HELD_BACK
from circulation.money.card_fees import charge_for_card
from circulation.notices.receipts import mail_if_wanted
from circulation.notices.told import without_last_reminder
from circulation.patrons.cards import when_card_given
from circulation.receipts import WHEN_GIVEN
from circulation.settings import declare_settings
from circulation.title_merges import (
    copies_waiting,
    lock_titles,
    merge_titles,
    part_titles,
    readers_of,
)


def register() -> None:
    """Install the engine; safe to call twice."""
    declare_settings()
    register_availability(availability_of)
    register_veto(item_vetoes)
    register_record_veto(record_vetoes_of)
    register_title_lock(lock_queues)
    register_many(vetoes=vetoes_of, locks=lock_items, losses=loss_papers)
    register_title_merging(
        TitleMerging(lock_titles, readers_of, merge_titles, part_titles, copies_waiting)
    )
    when_card_given(charge_for_card)
    if without_last_reminder not in HELD_BACK:
        HELD_BACK.append(without_last_reminder)
    if mail_if_wanted not in WHEN_GIVEN:
        WHEN_GIVEN.append(mail_if_wanted)
