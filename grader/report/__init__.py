"""Reporters: each reads a grade and renders it; none of them decides anything about it."""
