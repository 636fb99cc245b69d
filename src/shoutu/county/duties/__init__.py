"""Whatever must be done, by whom, by when: duties, their calls, receipts and clocks."""
