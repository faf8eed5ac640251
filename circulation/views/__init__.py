"""Pages of circulation: the desk, holds, fees, rules, tallies."""
