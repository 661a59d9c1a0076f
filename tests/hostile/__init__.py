"""Servers that misbehave, each in a way of its own, and what Mujaz has to make of them."""
