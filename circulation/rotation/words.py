"""Words of rotation: what states, kinds of points and outcomes of scans are called."""

from typing import Any

from flask_babel import lazy_gettext as _l

STATES: dict[str, tuple[str, Any]] = {
    "draft": ("info", _l("being packed")),
    "sent": ("warn", _l("at its point")),
    "closed": ("ok", _l("back")),
    "given": ("ok", _l("given for good")),
    "canceled": ("off", _l("box given up")),
}
WHICH: dict[str, Any] = {
    "out": _l("At points"),
    "late": _l("Late"),
    "open": _l("Being packed"),
    "closed": _l("Over"),
    "owed": _l("To be paid"),
    "incoming": _l("Lent to us"),
    "all": _l("All"),
}
KINDS: dict[str, Any] = {
    "branch": _l("Branch or point of a library"),
    "commune": _l("Commune library or bookcase"),
    "school": _l("School"),
    "post_office": _l("Post office and culture point"),
    "border_post": _l("Border post"),
    "factory": _l("Factory"),
    "pagoda": _l("Pagoda or church"),
    "prison": _l("Prison"),
    "other": _l("Another place"),
}
LINES: dict[str, tuple[str, Any]] = {
    "packed": ("info", _l("packed")),
    "out": ("warn", _l("at the point")),
    "returned": ("ok", _l("returned")),
    "damaged": ("warn", _l("returned damaged")),
    "missing_at_point": ("bad", _l("missing at the point")),
    "lost_at_point": ("bad", _l("lost at the point")),
    "given": ("ok", _l("given for good")),
    "taken_off": ("info", _l("came back by itself")),
    "moved_on": ("info", _l("went on to the next point")),
}
PROPOSALS: dict[str, Any] = {
    "missing": _l("missing: the point goes on looking"),
    "lost": _l("lost: missing before, or long overdue"),
    "lent": _l("on loan to a reader: comes back over the desk"),
    "never_came": _l("missing: it was not there when the box arrived"),
}
SCANNED: dict[str, tuple[str, Any]] = {
    "packed": ("ok", _l("in the box")),
    "returned": ("ok", _l("returned")),
    "damaged": ("warn", _l("returned damaged")),
    "found": ("ok", _l("found again")),
    "again": ("info", _l("scanned already")),
    "extra": ("warn", _l("not on the list: put aside")),
    "used": ("ok", _l("one use counted")),
    "arrived": ("ok", _l("it is there")),
    "refused": ("bad", _l("refused")),
}
CHANNELS: dict[str, Any] = {
    "paper": _l("on paper or by telephone"),
    "phone": _l("by the point itself"),
    "scan": _l("by scanning"),
}

# What is refused, said to people; the errors of the house carry these codes.
MESSAGES: dict[str, Any] = {
    "point_unknown": _l("There is no such point."),
    "point_unnamed": _l("Please give the point a name."),
    "point_name_taken": _l("A point with this name exists already."),
    "point_no_branch": _l("Please choose the branch for this kind of point, and only for this."),
    "point_has_boxes": _l("This point has had boxes; its branch cannot be changed any more."),
    "point_closed": _l("This point gets no boxes any more."),
    "point_is_here": _l("A box cannot be sent to the branch it leaves from."),
    "point_is_the_same": _l("The box is at this point already; choose another one."),
    "point_counts_itself": _l("This branch lends with this program; its own loans count already."),
    "box_unknown": _l("There is no such box."),
    "box_state": _l("That cannot be done with the box as it is now."),
    "box_line_unknown": _l("There is no such copy in this box."),
    "box_copy_unknown": _l("No copy has this number: %(scanned)s."),
    "box_copy_here_already": _l("“%(title)s” is in this box already."),
    "box_copy_not_listed": _l("This copy is not in the box: %(scanned)s."),
    "box_copy_moved": _l("“%(title)s” has been lent or moved since."),
    "box_foreign_copy": _l("“%(title)s” belongs to another library."),
    "box_copy_not_active": _l("“%(title)s” is not in service (damaged, missing or withdrawn)."),
    "box_copy_restricted": _l("“%(title)s” does not leave the house."),
    "box_copy_on_loan": _l("“%(title)s” is on loan to a reader; return it first."),
    "box_copy_in_transit": _l("“%(title)s” is on its way to another branch."),
    "box_copy_hold_shelf": _l("“%(title)s” waits on the hold shelf for a reader."),
    "box_copy_at_point": _l("“%(title)s” is in another box."),
    "box_copy_assigned": _l("“%(title)s” is to be fetched for a reader who waits."),
    "box_empty": _l("The box is empty."),
    "box_due_past": _l("The day by which it is due back must lie ahead."),
    "box_due_not_later": _l("The new day must be later than the old one, and lie ahead."),
    "box_same_again": _l(
        "The point has had at least half of these titles. Send them all the same?"
    ),
    "box_left_already": _l("The box has left already; take it back copy by copy."),
    "box_nothing_scanned": _l("No copy of the box has been scanned yet."),
    "box_told_already": _l(
        "The point has told the copies as a number. Take the receipt back to count them one by one."
    ),
    "box_copies_wrong": _l("Please say how many copies are there, as a number."),
    "box_copies_out": _l("%(count)s copies have not been scanned. Say what is to become of them."),
    "box_paper_missing": _l("Please name the paper on which it was agreed."),
    "claim_below_settled": _l("%(amount)s đồng of it were settled already; it cannot be less."),
    "claim_let_off_wrong": _l("Only what is still owed can be let off: %(amount)s đồng."),
    "box_decision_missing": _l("Please type the number of the decision."),
    "box_not_to_enter": _l("The copies stay in the books of this library or left the network."),
    "box_entered_already": _l("The receiver has entered the copies already."),
    "box_not_opened_again": _l(
        "It is too late for that: it was settled, went on, or is over long."
    ),
    "box_link_over": _l("This link opens nothing any more. Please ask the library for a new one."),
    "figures_wrong": _l("Please type numbers from 0."),
    "figures_month": _l("The box was not at the point in that month."),
    "figures_told_already": _l("This month was told in figures; scans on top would count twice."),
}
