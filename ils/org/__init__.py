"""The organisation: units with dated versions, settings that inherit, calendars."""
