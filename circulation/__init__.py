"""Lending: loans, holds, transits, fees, and the patrons who borrow."""
