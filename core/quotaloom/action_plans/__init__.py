"""Action plans: what a member will do for a target, in long and short plans, and what became of it.

A plan is of a member and of a quarter, month, week or day; its items are what is to be done. A short plan may be part
of a long one, and its items refine items of the long one. An item is done where somebody says so, or where the activity
that fulfils it is. What was not done is carried over into the next plan, which names the one that it follows.
"""
