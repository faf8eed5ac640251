"""Authorities: one preferred form for each person, body, place, title and subject.

An *authority* is a MARC 21 authority record with versions, shared by the province or kept by one
library. Every form of a heading that records or authorities know is a row of ``heading``; each
heading of each record is a row of ``record_heading`` under the same key, and the key leads to the
authority, whether it is its preferred form or a variant. A form no authority knows is provisional.
"""
