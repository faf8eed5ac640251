"""What the desk page says without the server; ``{n}`` and the like are filled in the browser."""

from typing import Any

from flask_babel import lazy_gettext as _l

DESK: dict[str, Any] = {
    "unsent": _l("{n} not sent yet"),
    "age": _l("data of {time}"),
    "no_copy": _l("no local data: everything scanned is noted and judged later"),
    "plain": _l(
        "Without the server this desk only keeps its scans: this address has no https, so the"
        " browser stores nothing more. The manual says how https is had in the house."
    ),
    "began": _l(
        "The server does not answer. The desk goes on by itself and sends everything later."
    ),
    "finished": _l("Finished. Ready for the next patron."),
    # -- readers
    "card_until": _l("card valid until {day}"),
    "no_card": _l("No valid card: nothing can be noted for this reader now."),
    "on_loan": _l("On loan"),
    "nothing_on_loan": _l("Nothing on loan by the local data."),
    "more_loans": _l("{n} more on loan, not in the local data"),
    "noted_now": _l("noted here, to be sent"),
    "late": _l("late, was due {day}"),
    "due": _l("due {day}"),
    "kept_for": _l("Waits for this reader"),
    "until": _l("until {day}"),
    "not_in_copy": _l("Not in the local data."),
    "card_unknown": _l("This card is not in the local data."),
    "card_trusted": _l("What is lent now is noted under this card number."),
    "card_replaced": _l("This card was replaced or declared lost."),
    "phone_ends": _l("telephone …{digits}"),
    "finish": _l("Finish"),
    # -- copies
    "unknown_item": _l("(not in the local data)"),
    "item_trusted": _l("The copy is not in the local data; it is noted by its barcode."),
    "card_not_item": _l("This is a card, not an item."),
    "card_first": _l("Scan the reader's card first."),
    "what_is_it": _l("{code} is not in the local data. What is it?"),
    "it_is_card": _l("A card"),
    "here": _l("on the shelf"),
    "lent_to": _l("lent to {name}"),
    "lent_away": _l("lent to a reader who is not in the local data"),
    "shelf_for": _l("kept for {name}"),
    "shelf_for_other": _l("kept for somebody else"),
    "on_its_way": _l("still on its way"),
    "elsewhere": _l("at another branch"),
    "in_box": _l("in a box of a rotating set"),
    # -- the look-up
    "found": _l("{n} found in the local data. Arrows and Enter choose."),
    "found_many": _l("The first {n} found in the local data; type more to narrow them."),
    "found_none": _l("Nobody and nothing of that name is in the local data."),
    "none_of_these": _l("None of these"),
    "lend": _l("Lend"),
    # -- lending
    "refused": _l("Not lent"),
    "ask": _l("Please answer"),
    "why": _l("Reason"),
    "anyway": _l("Do it all the same"),
    "yes": _l("Yes"),
    "no": _l("No"),
    "renew": _l("Renew"),
    "take_back": _l("Return"),
    "limit": _l("This would be item {value}; {limit} are allowed."),
    "not_lent": _l("Items of this type are not lent to this kind of patron."),
    "on_loan_other": _l("By the local data somebody else has it. Lend it all the same?"),
    "own_loan": _l("The reader has this item already. Renew it?"),
    "lent": _l("Lent, due {day}"),
    "lent_unknown": _l("Lent; the due day is told when the server is back"),
    "renewed": _l("Renewal noted; the new day is told when the server is back"),
    "returned": _l("Return noted"),
    "waits": _l("Somebody waits for it: put it aside."),
    "in_house": _l("Counted as read here"),
    "visit": _l("Visit counted"),
    "undo": _l("Undo"),
    "undone": _l("Taken back by this desk"),
    "nothing_to_undo": _l("Nothing done without the server can be taken back any more."),
    # -- the server
    "sign_out": _l("The server does not answer. Sign out on this machine all the same?"),
    "sign_out_means": _l(
        "The local data are taken off this browser, and the desk cannot go on until the server is"
        " back. What was noted stays, and is sent by whoever signs in next."
    ),
    "sign_out_yes": _l("Sign out here"),
    "signed_out": _l("Signed out on this machine. You may close the page."),
    "not_now": _l("This needs the server."),
    "instead": _l("See “What is not possible now” above for what to do instead."),
    "not_taken": _l("The server did not take the log; it is kept. {why}"),
    "replayed": _l("The server is back: {n} acts were sent."),
    "look": _l("Look at them"),
}


def desk_words() -> dict[str, str]:
    """Return what the desk page says without the server, in the page's language."""
    return {name: str(text) for name, text in DESK.items()}
