"""Evaluation: a protocol, its numbers, and the floor beside each."""
