"""What every room of the house stands on: database, clock, errors, events, jobs, audit, money."""
