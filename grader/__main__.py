"""``python -m grader`` is ``grade``."""

from grader.cli import main

if __name__ == "__main__":  # helpers that render pages import this file, too
    main(prog_name="grade")
