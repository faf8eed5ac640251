"""The sentences for what lending decides. Rules speak in codes; every door says them with this.

Facts arrive JSON-safe: days as ISO text, money as numbers.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from ils.core.money import dong

_DAYS: tuple[str, ...] = (
    "due_on",
    "expires_on",
    "to_on",
    "from_on",
    "on",
    "shelf_until",
    "need_by",
    "new_due",
)
_DAYS += ("old_due", "effective_on", "started_on", "until")
_MONEY: tuple[str, ...] = ("amount", "fine", "balance", "held", "needed", "price")

COMMANDS: dict[str, Any] = {
    "check_out": _l("Lend"),
    "check_in": _l("Return"),
    "renew": _l("Renew"),
    "renew_all": _l("Renew"),
    "undo": _l("Undo"),
    "take_payment": _l("Payment"),
    "waive": _l("Waiver"),
    "place_hold": _l("Hold"),
    "cancel_hold": _l("Hold"),
    "count_visit": _l("Visit"),
    "count_in_house_use": _l("In-house use"),
    "put_back": _l("Hold"),
    "charge": _l("Charge"),
    "enter_open_loan": _l("Open loan"),
    "in_house_use": _l("In-house use"),
    "reverse_loan": _l("Correction"),
    "reverse_return": _l("Correction"),
    "lost": _l("Lost"),
    "claim": _l("Claim"),
    "take_up_again": _l("Claim"),
    "untick_search": _l("Search"),
    "cancel_damage": _l("Damage"),
    "propose_again": _l("Lost"),
    "damage": _l("Damage"),
    "tick_search": _l("Search"),
    "give_up": _l("Claim"),
    "withdraw_claim": _l("Claim"),
    "on_shelf": _l("Claim"),
    "bring_copy": _l("Copy brought"),
    "cancel_loss": _l("Lost"),
    "decide_money": _l("Lost"),
    "approve_lost": _l("Lost"),
    "postpone_lost": _l("Lost"),
    "start_search": _l("Search"),
    "change_pickup": _l("Hold"),
    "extend_shelf": _l("Hold"),
    "holds_of_the_day": _l("Hold"),
    "move_hold": _l("Hold"),
    "resume_hold": _l("Hold"),
    "suspend_hold": _l("Hold"),
    "weigh": _l("Lend"),
    "till_open": _l("Till"),
    "till_move": _l("Till"),
    "till_close": _l("Till"),
    "not_on_shelf": _l("Search"),
    "end_search": _l("Search"),
    "cancel_transit": _l("On the way"),
    "change_destination": _l("On the way"),
    "missing_in_transit": _l("On the way"),
    "not_arrived": _l("On the way"),
    "receive_here": _l("On the way"),
    "send": _l("On the way"),
    "send_back": _l("On the way"),
    "reverse": _l("Correction"),
    "card_fee": _l("Charge"),
    "sale": _l("Payment"),
    "point_payment": _l("Payment"),
    "visit": _l("Visit"),
    "door": _l("Visit"),
    "day_visitor": _l("Visit"),
}

REASONS: dict[str, Any] = {
    "item_unknown": _l("No item has this barcode."),
    "card_not_item": _l("This is a card, not an item."),
    "record_unknown": _l("There is no such title."),
    "card_unknown": _l("No patron has this card."),
    "item_not_card": _l("This is an item, not a card."),
    "card_replaced": _l("This card was replaced or declared lost."),
    "visitor_day_over": _l("This visitor's number was for another day."),
    "visitor_reads_here": _l("A visitor without a card reads here; nothing is lent home."),
    "patron_deleted": _l("This patron is no longer registered."),
    "patron_of_other_library": _l("The patron is registered at another library."),
    "card_expired": _l("The card expired on %(expires_on)s."),
    "card_of_reading_room": _l("This card is for reading here only, not for borrowing."),
    "consent_missing": _l("The guardian's consent is not recorded."),
    "consent_withdrawn": _l(
        "The consent to the keeping of personal data was taken back; the card stops until it is given."
    ),
    "manual_block": _l("Blocked: %(text)s"),
    "suspended": _l("No borrowing until %(to_on)s."),
    "lost_unsettled": _l("%(value)s lost items are not settled yet (%(limit)s allowed)."),
    "owed_over": _l("Owes %(value_money)s; %(limit_money)s are allowed."),
    "overdue_over": _l("%(value)s items are overdue; %(limit)s are allowed."),
    "overdue_days_over": _l("An item is %(value)s days overdue; %(limit)s are allowed."),
    "item_withdrawn": _l("The item was withdrawn from the stock."),
    "item_restricted": _l("The use of this item is restricted."),
    "not_for_loan": _l("This item is not for loan."),
    "take_home_of_reading_room": _l("This item is for the reading room only."),
    "not_lent_to_category": _l("Items of this type are not lent to this kind of patron."),
    "not_read_here": _l("Items of this type are not given to the reading room."),
    "item_in_process": _l("The item is still being processed."),
    "item_damaged": _l("The item is marked as damaged or under repair."),
    "withdrawal_proposed": _l("The item is proposed for withdrawal."),
    "lifecycle_missing_or_lost": _l("The item counts as missing or lost, but it is in your hand."),
    "on_loan_other": _l("The item is on loan to another patron. Return it first, then lend it?"),
    "own_loan": _l("The patron has this item already, due %(due_on)s. Renew it?"),
    "at_point": _l("The item is in box %(box)s, lent to %(point)s. Is it back from there?"),
    "on_shelf_for_other": _l("The item waits on the hold shelf for another patron."),
    "in_transit_for_other": _l("The item is on its way to another patron."),
    "own_hold_other_copy": _l("Another copy waits for this patron. Lend this one instead?"),
    "wanted_by_others": _l("%(waiting)s patrons wait for this title. Lend it anyway?"),
    "limit_total": _l("This would be item %(value)s; %(limit)s are allowed."),
    "limit_kind": _l("This would be item %(value)s of its type; %(limit)s are allowed."),
    "limit_reading_room": _l(
        "This would be item %(value)s in the reading room; %(limit)s are allowed."
    ),
    "limit_holds": _l("This would be hold %(value)s; %(limit)s are allowed."),
    "limit_holds_day": _l("This would be hold %(value)s today; %(limit)s are allowed."),
    "limit_slips": _l("This would be book %(value)s from the stack; %(limit)s at a time."),
    "age_limit": _l("The patron is %(age)s years old; the item is for %(limit)s and over."),
    "deposit_missing": _l("A deposit of %(needed)s is needed; %(held)s is held."),
    "manual_due_past": _l("The due date lies in the past."),
    "manual_due_far": _l("The due date lies further ahead than the rules allow."),
    "manual_due_closed": _l("The library is closed on that day. Use it all the same?"),
    "not_on_loan": _l("The item is not on loan."),
    "reading_room": _l("Reading room loans are not renewed."),
    "lifecycle": _l("The item is marked as missing, lost or damaged."),
    "renewal_wanted": _l("Others wait for this title (%(waiting)s holds, %(free)s free copies)."),
    "limit_reached": _l("It has been renewed %(renewals)s times; %(limit)s are allowed."),
    "card_expires": _l("The card expired on %(expires_on)s; please renew it first."),
    "overdue_too_long": _l("It is %(days)s days overdue; up to %(limit)s could be renewed."),
    "too_early": _l("It can be renewed from %(from_on)s on."),
    "no_gain": _l("Renewing today would not give a later date than %(due_on)s."),
    "nothing_holdable": _l("No copy of this title can be reserved."),
    "item_not_holdable": _l("This copy cannot be reserved."),
    "volume_unknown": _l("There is no such volume."),
    "duplicate_hold": _l("The title is reserved by this patron already."),
    "has_copy_on_loan": _l("The patron has a copy of this title on loan."),
    "available_here": _l("A copy stands on the shelf here; please borrow it directly."),
    "pickup_not_offered": _l("Items cannot be collected at that branch."),
    "need_by_past": _l("The day until which it is needed is past."),
    "calendar_without_open_day": _l("The calendar has no open day near; the date was kept."),
    "due_cut_by_card": _l("The due date was shortened because the card ends first."),
    "parts": _l("%(parts)s parts: please check that all are there."),
    "note": _l("Note: %(text)s"),
    "had_before": _l("The patron had this title before, on %(on)s."),
    "queue_length": _l("%(waiting)s patrons wait for this title."),
    "card_expires_soon": _l("The card ends on %(expires_on)s."),
    "lost_race": _l("Somebody else was quicker with this item. Please scan it again."),
    "undo_too_late": _l("The time for undoing has passed; please return or lend it again."),
    "changed_since": _l("It has changed since; it cannot be undone any more."),
    "no_return_to_reverse": _l("It was not returned, so there is no return to take back."),
    "lost_procedure_runs": _l("It was declared lost; settle that first."),
    "patron_forgotten": _l("It is no longer known whose loan it was."),
    "needs_return": _l("It is not simply a book of this shelf: scan it as a return first."),
    "undo_done_already": _l("It was undone already."),
    "backdate_far": _l("%(on)s is %(days)s days back; a return may not be dated back so far."),
    "hold_state": _l("That cannot be done with this hold any more."),
    "shelf_extended_enough": _l("The time on the hold shelf was extended once already."),
    "amount_wrong": _l("The amount must be above zero."),
    "more_than_owed": _l("That is more than is owed."),
    "more_than_deposit": _l("That is more than the deposit held."),
    "entry_settled": _l("Nothing of this charge is open any more."),
    "more_than_overpaid": _l("Only %(held)s were paid too much."),
    "till_needed": _l("Please open your till first."),
    "till_open_already": _l("You have the till “%(name)s” open already."),
    "till_taken": _l("Somebody else has the till “%(name)s” open."),
    "till_closed": _l("The till “%(name)s” is closed and stays as it was counted."),
    "more_than_in_till": _l("The till holds only %(held)s."),
    "difference_unexplained": _l(
        "What was counted differs by %(amount)s from %(held)s in the books: please say why."
    ),
    "not_on_shelf": _l("The item is not on its shelf, so it cannot be sent."),
    "already_there": _l("The item is there already."),
    "not_exchanged": _l("Items do not travel between these two libraries."),
    "nothing_free_now": _l("No copy of it lies in the stack at the moment."),
    "until_past": _l("That day is past already."),
    "missing_question": _l("It was not found for the second time. Record it as missing?"),
    "transit_over": _l("The item is not on its way any more."),
    "transit_for_hold": _l("It travels for a patron; change where the patron collects it."),
    "missing_too_early": _l(
        "It is on its way for %(days)s days. After %(limit)s days, and once it was looked for at"
        " both ends, it may be recorded as missing."
    ),
    "lost_already": _l("It counts as lost already."),
    "lost_in_transit": _l("It is on its way; recorded as lost, its transit ends."),
    "lost_on_shelf_for": _l("It waits on the hold shelf; recorded as lost, the hold waits again."),
    "loss_state": _l("That cannot be done at this point of the case any more."),
    "claim_open": _l("The patron says that it is back or was never borrowed; settle that first."),
    "search_not_due": _l("The second search is due from %(from_on)s on."),
    "search_both_first": _l("The shelves are to be searched twice first."),
    "still_on_loan": _l("It is on loan; take it back first."),
    "claims_many": _l("The patron has made %(value)s such claims."),
    "open_here_already": _l("The item is on loan here already, due %(due_on)s."),
}

HEADLINES: dict[str, Any] = {
    "lent": _l("Lent, due %(due_on)s"),
    "lent_reading_room": _l("Lent for the reading room, until closing today"),
    "lent_already": _l("Already lent just now"),
    "open_loan_entered": _l("Open loan entered, due %(due_on)s"),
    "refused": _l("Not done"),
    "unknown": _l("Not known here"),
    "ask": _l("Please answer"),
    "returned": _l("Returned: to the shelf"),
    "returned_late": _l("Returned late: to the shelf"),
    "found": _l("It counted as missing: to the shelf"),
    "hold_ready": _l("Hold shelf: a patron waits for it until %(shelf_until)s"),
    "hold_send": _l("Send it on: a patron collects it elsewhere"),
    "send_home": _l("Send it home"),
    "send_on": _l("It belongs elsewhere: send it on"),
    "already_sent": _l("It is on its way already: let it leave"),
    "received_here": _l("Kept here: to the shelf"),
    "sent_back": _l("Send it back to where it came from"),
    "destination_changed": _l("It goes elsewhere now"),
    "transit_canceled": _l("It was not sent: to the shelf"),
    "search_flagged": _l("To be looked for at both ends"),
    "search_ended": _l("The search is over"),
    "counts_as_missing": _l("It counts as missing now"),
    "keep_on_shelf": _l("Keep it on the hold shelf until %(shelf_until)s"),
    "to_pickup": _l("Send it to where the patron collects it"),
    "foreign_book": _l("Belongs to another library: put it into the tray"),
    "withdrawn_stop": _l("Withdrawn from the stock: put it aside"),
    "not_lendable": _l("Not to the shelf: it is damaged or in process"),
    "received": _l("Arrived: to the shelf"),
    "cleared": _l("Cleared from the hold shelf: to the shelf"),
    "in_house_use": _l("Counted as used on the premises"),
    "nothing_to_do": _l("Nothing to do: it belongs on the shelf"),
    "renewed": _l("Renewed until %(due_on)s"),
    "hold_placed": _l("Reserved, place %(place)s in the queue"),
    "slip_placed": _l("Requested from the stack"),
    "hold_canceled": _l("Hold canceled"),
    "hold_changed": _l("Hold changed"),
    "hold_suspended": _l("Hold paused"),
    "hold_resumed": _l("Hold continues"),
    "hold_put_back": _l("Not this time: back in the queue"),
    "hold_extended": _l("Kept until %(shelf_until)s"),
    "hold_retargeted": _l("Not on its shelf: the hold looks for another copy"),
    "hold_waits_again": _l("Not on its shelf: the hold waits, no other copy is free"),
    "hold_moved": _l("Moved in the queue"),
    "charged": _l("Charged %(amount)s"),
    "paid": _l("Paid %(amount)s"),
    "waived": _l("Waived %(amount)s"),
    "reversed": _l("Reversed %(amount)s"),
    "deposit_taken": _l("Deposit taken: %(amount)s"),
    "deposit_returned": _l("Deposit given back: %(amount)s"),
    "deposit_used": _l("Deposit used for the debt: %(amount)s"),
    "paid_back": _l("Paid back: %(amount)s"),
    "settled_in_kind": _l("Settled without money: %(amount)s"),
    "sold": _l("Sold for %(amount)s"),
    "till_opened": _l("Till “%(name)s” opened with %(amount)s"),
    "till_closed": _l("Till “%(name)s” closed with %(amount)s"),
    "till_added": _l("Put into the till: %(amount)s"),
    "till_handed_over": _l("Handed over: %(amount)s"),
    "undone": _l("Undone"),
    "never_left": _l("The loan never took place; nothing of it is counted"),
    "never_returned": _l("The return never took place; the loan is open again, due %(due_on)s"),
    "counted_already": _l("Counted already within the last half hour"),
    "counted": _l("Counted: %(quantity)s"),
    "paper_day_written": _l(
        "The day was written: %(typed)s typed, %(counted)s on top of what the machine counted."
    ),
    "sent": _l("Sent"),
    "lost": _l("Recorded as lost: %(amount)s are owed"),
    "lost_free": _l("Recorded as lost, without charge"),
    "copy_brought": _l("The same book was brought: %(amount)s are settled"),
    "loss_canceled": _l("It was not lost: the charges are taken back"),
    "loss_decided": _l("Decided"),
    "loss_postponed": _l("Left alone until %(until)s"),
    "claim_made": _l("Noted; the fine stands still from %(on)s. Search the shelves now."),
    "searched": _l("Search %(n)s ticked off"),
    "claim_given_up": _l("Given up without charge: it counts as missing"),
    "claim_withdrawn": _l("The claim is taken back; the loan goes on"),
    "claim_on_shelf": _l("It was on our shelf: the fine is taken back, the claim not counted"),
    "claim_taken_up": _l("Claim and loan are open again; the copy is searched for once more"),
    "search_unticked": _l("The search is open again"),
    "loss_proposed_again": _l("Proposed again"),
    "damage_canceled": _l("There was no damage: the charge is taken back"),
    "damaged": _l("Damage recorded: %(amount)s are owed"),
    "damaged_free": _l("Damage recorded, without charge"),
    "search_started": _l("On the list of what is searched for"),
    "found_replaced": _l("The patron has replaced this copy: ask whether it is a gift"),
}

DETAILS: dict[str, Any] = {
    "fine_posted": _l("Fine %(amount)s"),
    "hold_filled": _l("The patron's hold is filled."),
    "fine_taken_back": _l("The fine of %(amount)s was taken back."),
    "hold_waits_again": _l("The hold it had filled waits again in its old place."),
    "fine_waived": _l("Waived %(amount)s by decision %(decision)s."),
    "renewal_taken_back": _l("A renewal after the day of return was undone."),
    "item_found": _l("It was missing or lost and is now in the stock again."),
    "suspended": _l("No borrowing until %(to_on)s."),
    "received": _l("It has arrived from another branch."),
    "off_the_box": _l("It was taken off the list of box %(box)s (%(point)s)."),
    "back_from_box": _l("Received back from box %(box)s (%(point)s)."),
    "passed_through": _l("It only passes through here."),
    "shelf_cleared": _l("The hold it waited for is over; it was taken off the hold shelf."),
    "other_hold_put_back": _l("It waited for another patron, whose hold keeps its place."),
    "other_copy_to_clear": _l("Another copy waits for this patron on the hold shelf: take it off."),
    "copy_to_clear": _l("Its copy still lies on the hold shelf: take it off and scan it."),
    "copy_to_send": _l("Its copy lies on the hold shelf here: scan it to send it on."),
    "counts_as_missing": _l("It counts as missing now."),
    "hold_keeps_place": _l("The hold it traveled for keeps its place in the queue."),
    "charged_lost_price": _l("Price of the lost item: %(amount)s"),
    "charged_processing": _l("Processing fee: %(amount)s"),
    "loss_settled": _l("All is settled for “%(title)s”; its loan is closed."),
    "loss_reopened": _l("The case of the lost item is open again."),
    "found_replaced": _l("The patron replaced it by another copy; it may be a gift."),
    "found_charges_off": _l("Charges of %(amount)s for the loss were taken back."),
    "found_credit": _l("%(amount)s had been paid; they stand to the patron's credit."),
    "found_payout": _l("%(amount)s had been paid and are to be paid back, with a receipt."),
    "found_keeps_paid": _l("%(amount)s had been paid; by rule nothing is given back."),
    "fine_taken_off": _l("The fine of %(amount)s was taken back."),
    "claim_resolved_on_shelf": _l("It was claimed to be back, and it was: on our shelf."),
    "claim_resolved_by_reader": _l("It was claimed to be back; now it has come."),
    "claim_resolved_given_up": _l("The claim on it ends."),
    "claim_resolved_withdrawn": _l("The claim on it ends."),
    "search_item": _l("The copy was not on its shelf: please look for it."),
}


class _Facts(dict[str, Any]):
    """Facts for a sentence; one that is missing is left out instead of failing."""

    def __missing__(self, key: str) -> str:
        if key.endswith("_money"):
            value = self.get(key[: -len("_money")])
            return dong(value) if isinstance(value, int) else "–"
        return "–"


def _filled(sentence: Any, facts: Mapping[str, Any]) -> str:
    ready = _Facts()
    for key, value in facts.items():
        if key in _DAYS and value:
            ready[key] = _day(value)
        elif key in _MONEY and isinstance(value, int):
            ready[key] = dong(value)
        else:
            ready[key] = value
    return str(sentence) % ready


def _day(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return str(value)
    return str(value.strftime("%d/%m/%Y"))


def reason_sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """Say a reason."""
    known = REASONS.get(code)
    if known is None:
        return str(gettext("The rules say no (%(code)s).", code=code))
    return _filled(known, facts or {})


def headline_sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """Say the outcome of an act."""
    return _filled(HEADLINES.get(code, code), facts or {})


def result_sentence(result: Mapping[str, Any]) -> str:
    """Say the outcome of a stored answer; what its hold says helps the sentence."""
    headline = result["headline"]
    return headline_sentence(headline["code"], {**(result.get("hold") or {}), **headline["facts"]})


def detail_sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """Say a line under the headline."""
    return _filled(DETAILS.get(code, REASONS.get(code, code)), facts or {})


def command_word(command: str) -> str:
    """Return the word for an act at the desk, as the rows of what was done begin."""
    return str(COMMANDS.get(command, command))


def install(app: Any) -> None:
    """Give templates the sentences."""
    app.jinja_env.globals.update(
        reason_sentence=reason_sentence,
        headline_sentence=headline_sentence,
        result_sentence=result_sentence,
        detail_sentence=detail_sentence,
        command_word=command_word,
    )


def closure_sentence(first: date, last: date, reason: str) -> str:
    """Say closed days in a row and why."""
    days = f"{first:%d/%m}" if first == last else f"{first:%d/%m} – {last:%d/%m}"
    return str(gettext("Closed %(days)s: %(reason)s", days=days, reason=reason or "–"))
