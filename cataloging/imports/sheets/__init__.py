"""Spreadsheets and ISIS exports as one more source of records for an import.

``tables`` and ``isis`` give a file as rows of cells; ``columns`` guesses what each column holds and
in which encoding; ``cells`` reads prices, days and runs of accession numbers; ``rows`` makes a
record and its copies of a row, or says what is wrong with it; ``staging`` gathers the rows of one
title and keeps them in a file that the import reads like any other; ``wrong`` gives the rows back.
"""
