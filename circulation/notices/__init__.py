"""What readers are told: planned, merged into one message a day, re-checked, sent, never twice."""
