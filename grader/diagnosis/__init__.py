"""Saying why: which known mistake the evidence resembles, where two passes part, and the smallest call that shows it.

What compares is pure, like the checks: evidence in, a ranking or a diff out. `parting` and `counterexample` ask two
workers as they go. Nothing here changes a verdict.
"""
