"""Money at the desk: tills, card fees, small sales, amnesties, receipts and the books of account."""
