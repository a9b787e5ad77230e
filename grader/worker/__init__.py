"""The only code of ours that runs beside a student's: it answers questions and judges nothing.

It imports the wire format and torch, and nothing else of ours: no course, no checks, no expected value.
"""
