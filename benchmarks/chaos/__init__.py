"""Chaos: a program outside the hub that breaks what can break, and counts what was answered 200 and is not there."""
