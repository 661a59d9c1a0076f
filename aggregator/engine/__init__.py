"""When to refresh: the tick that claims due sources and the set of refreshes under way."""
