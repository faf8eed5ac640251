"""Indicators as folds over the event log, report templates, periods, workflow."""
