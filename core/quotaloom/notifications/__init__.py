"""What members are told, kept until they have read it.

Whoever has something to tell calls `telling.notify(transaction, notes)` in the transaction in which it happens: once,
with all notes, whatever their number. A `Note` names the member, a topic of `topics`, what it is about, and the details
that the topic's sentence needs; another kind of thing to tell is another line in `topics`. With `once` a note is told
once only, however often it is notified: it names what must not be told again, such as
`recycling_soon:opportunity:17:2026-06-09`. Members find what they were told in the graph, and are told at once where
they have subscribed to it.
"""
