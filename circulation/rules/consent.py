"""Whose consent the keeping of a person's data needs. Pure.

A child agrees from seven years on, together with a parent or guardian; a younger child's guardian
agrees alone; an adult agrees alone. Silence is not consent: what is not recorded was not given.
Source: the personal-data law as read in docs/personal-data.md.
"""

from collections.abc import Collection

SELF, GUARDIAN = "self", "guardian"
OWN_CONSENT_FROM = 7  # years

LENDING, MESSAGES, PHOTO, HISTORY = "lending", "messages", "photo", "history"
PURPOSES = (LENDING, MESSAGES, PHOTO, HISTORY)  # a card needs the first; each other is free


def givers_needed(age: int | None, *, child: bool) -> tuple[str, ...]:
    """Return who must agree: for a child of unknown age both."""
    if not child:
        return (SELF,)
    return (GUARDIAN,) if age is not None and age < OWN_CONSENT_FROM else (SELF, GUARDIAN)


def consented(standing: Collection[str], age: int | None, *, child: bool) -> bool:
    """Tell whether all who must agree have done so; ``standing`` are those whose consent stands."""
    return all(giver in standing for giver in givers_needed(age, child=child))
