"""What may be done at the desk, by name. Roles give these; rules name two of them as overrides."""

from flask_babel import lazy_gettext as _l

from circulation.rules import reasons
from ils.accounts.permissions import declare_permission

USE_DESK = declare_permission("circulation:desk:use", _l("Work at the desk"))
CHECK_OUT = declare_permission("circulation:loan:check_out", _l("Lend"))
CHECK_IN = declare_permission("circulation:loan:check_in", _l("Take back"))
RENEW = declare_permission("circulation:loan:renew", _l("Renew loans"))
ENTER_OPEN_LOAN = declare_permission(
    "circulation:loan:enter_open", _l("Enter loans that are open on paper")
)
UNDO = declare_permission("circulation:loan:undo", _l("Undo what was just done"))
REVERSE_LOAN = declare_permission(
    "circulation:loan:reverse", _l("Say that a loan or return never took place")
)
PLACE_HOLD = declare_permission("circulation:hold:place", _l("Place holds for patrons"))
MANAGE_HOLDS = declare_permission("circulation:hold:manage", _l("Change and cancel holds"))
SEND = declare_permission("circulation:transit:send", _l("Send items to another branch"))
VIEW_FEES = declare_permission("circulation:fee:view", _l("See what patrons owe"))
TAKE_PAYMENT = declare_permission("circulation:fee:take", _l("Take payments and deposits"))
CHARGE = declare_permission("circulation:fee:charge", _l("Charge fees"))
WAIVE = declare_permission("circulation:fee:waive", _l("Waive charges"))
REVERSE = declare_permission("circulation:fee:reverse", _l("Reverse ledger entries"))
TALLY = declare_permission("circulation:tally:record", _l("Count visits and in-house use"))
OVERRIDE_DESK = declare_permission(reasons.DESK, _l("Override refusals the desk may override"))
OVERRIDE_HEAD = declare_permission(reasons.HEAD, _l("Override every refusal that can be"))
BACKDATE_FAR = declare_permission(reasons.FAR, _l("Date a return more than 30 days back"))
HANDLE_LOSSES = declare_permission(
    "circulation:loan:losses", _l("Record lost and damaged items, claims and searches")
)
DECIDE_LOSSES = declare_permission(
    "circulation:loss:decide", _l("Decide on losses: proposals, without charge, money given back")
)
GIVE_AMNESTY = declare_permission("circulation:amnesty:give", _l("Waive fines by a decision"))
VIEW_POLICY = declare_permission("circulation:policy:view", _l("See the lending rules"))
EDIT_POLICY = declare_permission("circulation:policy:edit", _l("Change the lending rules"))
HANDLE_NOTICES = declare_permission(
    "circulation:notice:handle", _l("See notices, make calls, print letters")
)
EDIT_NOTICES = declare_permission(
    "circulation:notice_text:edit", _l("Change the texts of notices and try them")
)

# What a supervisor may approve at somebody else's desk, one act at a time.
DESK_ACTS = (
    *(CHECK_OUT, CHECK_IN, RENEW, ENTER_OPEN_LOAN, UNDO, REVERSE_LOAN, PLACE_HOLD, MANAGE_HOLDS),
    *(SEND, TAKE_PAYMENT, CHARGE, WAIVE, REVERSE, TALLY, HANDLE_LOSSES, DECIDE_LOSSES),
    *(OVERRIDE_DESK, OVERRIDE_HEAD, BACKDATE_FAR),
)
