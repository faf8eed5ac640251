"""Bringing files of MARC records in: look, choose the rules, run in short steps, report, take back.

``runs`` receives a file and begins; ``work`` does it chunk by chunk; ``matching`` finds the record
one already has, ``merging`` joins two, ``copies`` makes items of 852 and 952; ``report`` tells.
"""
