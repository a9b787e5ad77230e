"""Naming the mistake: the student's evidence beside that of every known mistake, and what may be said of the likeness.

Pure, like the checks: evidence in, a ranking out. Nothing here changes a verdict.
"""
