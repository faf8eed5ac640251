"""A small lending library to try things in: units, patrons, copies, a clock, and acts at random.

``World`` knows what should be on loan and checks each answer against it; ``bench.laws`` checks the
rows. ``ACTS`` are all that can be done in it: the state machine of the tests and ``./sen soak`` draw
from the one table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.town.away import Away
from bench.town.boxes import Boxes
from bench.town.keeps import Keeps
from bench.town.lends import Lends
from bench.town.loses import Loses
from bench.town.pays import Pays
from bench.town.waits import Waits


class World(Boxes, Lends, Waits, Loses, Pays, Keeps, Away):
    """The whole town."""


Does = Callable[[World, int, int, int, bool], None]


@dataclass(frozen=True)
class Act:
    """One thing that can be done, how often it is drawn, and how three numbers and a yes do it."""

    name: str
    weight: int
    does: Does = field(repr=False)


ACTS = (
    Act("lend", 20, lambda w, a, b, c, yes: w.lend(a, b, c, insist=yes)),
    Act("lend to read here", 3, lambda w, a, b, c, yes: w.lend(a, b, c, insist=yes, room=True)),
    Act("enter a loan on paper", 2, lambda w, a, b, c, _: w.enter_paper(a, b, c)),
    Act("fast add", 1, lambda w, a, b, _c, _y: w.fast_add(a, b)),
    Act("give back", 14, lambda w, a, b, c, _: w.give_back(a, b, 0, drop=False, why=c)),
    Act("give back late", 4, lambda w, a, b, c, yes: w.give_back(a, b, c % 9, drop=yes)),
    Act("book drop", 4, lambda w, a, b, c, _: w.empty_the_drop(a, b, end=c % 6 == 5)),
    Act("renew", 7, lambda w, a, b, _c, yes: w.renew_one(a, b, insist=yes)),
    Act("renew all", 2, lambda w, a, _b, _c, _y: w.renew_everything(a)),
    Act("read here", 2, lambda w, a, b, _c, _y: w.read_here(a, b)),
    Act("count", 1, lambda w, a, b, _c, yes: w.count(a, b, books=yes)),
    Act("never was", 3, lambda w, a, b, _c, yes: w.never_was(a, b, back=yes)),
    Act("undo", 6, lambda w, _a, _b, _c, _y: w.undo_last()),
    Act("repeat", 3, lambda w, _a, _b, _c, _y: w.repeat_last()),
    Act("hold", 8, lambda w, a, b, c, yes: w.hold(a, b, c, this_copy=yes, asleep=(a + b) % 7 == 6)),
    Act("change hold", 8, lambda w, a, b, c, _: w.change_hold(a, b, c)),
    Act("send away", 2, lambda w, a, b, _c, _y: w.send_away(a, b)),
    Act("change transit", 4, lambda w, a, b, c, _: w.change_transit(a, b, c)),
    Act("search", 2, lambda w, a, b, c, _: w.search(a, b, c)),
    Act("lose", 3, lambda w, a, b, c, yes: w.declare(a, b, c, int(yes))),
    Act("settle a loss", 4, lambda w, a, b, c, _: w.settle_loss(a, b, c)),
    Act("claim", 3, lambda w, a, b, c, _: w.claim(a, b, c)),
    Act("settle a claim", 4, lambda w, a, b, c, yes: w.settle_claim(a, b, c, yes=yes)),
    Act("damage", 2, lambda w, a, b, c, yes: w.damage(a, b, c, int(yes))),
    Act("judge a proposal", 3, lambda w, a, b, _c, yes: w.judge_proposal(a, b, yes=yes)),
    Act("charge", 2, lambda w, a, b, c, yes: w.charge(a, b, c, int(yes))),
    Act("pay", 5, lambda w, a, b, c, yes: w.pay(a, b, c, all_of_it=yes)),
    Act("forgive", 3, lambda w, a, b, c, yes: w.forgive(a, b, c, int(yes))),
    Act("forgive many", 3, lambda w, a, b, c, yes: w.forgive_many(a, b, c, int(yes))),
    Act("take back a line", 3, lambda w, a, b, c, _: w.take_back_line(a, b, c)),
    Act("deposit", 4, lambda w, a, b, c, yes: w.deposit(a, b, c, int(yes))),
    Act("sell", 2, lambda w, a, b, c, yes: w.sell(a, b, c, int(yes))),
    Act("till", 3, lambda w, a, b, _c, yes: w.till(a, b, int(yes))),
    Act("close days", 3, lambda w, a, b, c, yes: w.close_days(a, b, c, int(yes))),
    Act("new card", 1, lambda w, a, b, c, _: w.new_card(a, b, c)),
    Act("make one of two", 1, lambda w, a, b, c, _: w.make_one(a, b, c)),
    Act("make two of one", 1, lambda w, a, b, _c, _y: w.make_two(a, b)),
    Act("take stock", 5, lambda w, a, b, c, yes: w.take_stock(a, b, c, yes=yes)),
    Act("note without server", 8, lambda w, a, b, c, yes: w.note(a, b, c, int(yes))),
    Act("send the log", 2, lambda w, a, b, _c, _y: w.send_log(a, b)),
    Act("settle a line", 2, lambda w, a, b, c, yes: w.settle_line(a, b, c, int(yes))),
    Act("pack", 8, lambda w, a, b, c, yes: w.pack(a, b, c, several=yes)),
    Act("a box leaves", 8, lambda w, a, b, c, _: w.box_leaves(a, b, c)),
    Act("at the point", 4, lambda w, a, b, c, _: w.at_the_point(a, b, c)),
    Act("lend there", 6, lambda w, a, b, c, yes: w.lend_there(a, b, c, insist=yes)),
    Act("the point tells", 3, lambda w, a, b, c, yes: w.point_tells(a, b, c, phone=yes)),
    Act("a box comes back", 6, lambda w, a, b, c, yes: w.box_comes_back(a, b, c, damaged=yes)),
    Act("a box ends", 4, lambda w, a, b, c, yes: w.box_ends(a, b, c, yes=yes)),
    Act("the point pays", 3, lambda w, a, b, c, yes: w.point_pays(a, b, c, int(yes))),
    Act("a box undone", 3, lambda w, a, b, c, _: w.box_undone(a, b, c)),
    Act("let days pass", 6, lambda w, a, _b, _c, _y: w.days_pass(a)),
)
