"""Jobs: what is done after a commit, at night or again later, by whichever worker comes first.

The queue is pgqueuer's, in a schema of its own (`SCHEMA`), where row-level security does not apply: a job carries the
number of its company, ids and days, and nothing that somebody else may not see.

- `enqueue` stores jobs in a transaction of ours: they are there if it commits, and only then.
- A `JobHandler` says what a job of a name does. It is done *at least once*: a worker that is killed in the middle
  leaves it to another one. So what a handler does must be such that doing it again changes nothing.
- A `Nightly` is done for every company once a night, at a time of the company's own clock; nights that were missed
  are made up for together, by one job. An `Hourly` is done once an hour for the whole installation.
- A job that raises is tried again with growing pauses, and kept as failed after the last attempt; see `failures`.
"""
