"""The only room that opens connections to outlets: one guarded client, a gate a host, robots.txt.

It may not know what a feed is, nor that there is a database: what comes back is a `FetchOutcome`.
"""
