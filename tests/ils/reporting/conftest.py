"""Fixtures of the tests of reporting."""

import pytest


@pytest.fixture(autouse=True)
def app_settings():
    """Declare what reporting declares, without an application."""
    from ils.reporting.register import declare_all

    declare_all()
