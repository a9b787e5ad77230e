"""What must hold after every attack, whatever it tried: G1 to G9 of the README, each as a function that asserts."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import grades
from attack import NEIGHBOUR
from canaries import Canaries
from ground import Outcome, Reports

from grader.errors import SubmissionError
from grader.model import ExerciseResult, Finding, Grade, Status, Verdict
from grader.report import html

MIB = 1 << 20
GROWTH = 100 * MIB
SLACK = 20.0  # seconds: the machine may be busy
_VERDICTS = {str(verdict) for verdict in Verdict}
_KEYS = {
    "grade": "schema submission device sandbox score max_score seconds notes assignments",
    "assignment": "id title score max_score exercises",
    "exercise": "id title status score max_score note checks misconceptions",
    "check": "id title verdict score max_score rationale expected got asked hint where",
}
_TEMPLATES = Path(html.__file__).parent / "templates"


def hold(outcome: Outcome, canaries: Canaries) -> None:
    """All of them, the ones that say most about what went wrong first."""
    nothing_got_out(outcome, canaries)  # G7
    nothing_was_changed_or_reached(outcome)  # G5, G8
    nothing_is_left(outcome)  # G4
    the_reason_is_named(outcome)  # G1
    nothing_was_earned(outcome)  # G2
    the_honest_are_unharmed(outcome)  # G3
    it_was_cheap(outcome)  # G6
    for reports in outcome.reports:
        reports_are_clean(reports)  # G9


def nothing_got_out(outcome: Outcome, canaries: Canaries) -> None:
    """No canary is in anything that a worker or a report says, and no attempt says that it was not refused."""
    said = [("worker", outcome.said)]
    for reports in outcome.reports:
        said += [(name, text.encode()) for name, text in vars(reports).items()]
    said += [("refusal", str(result).encode()) for result in outcome.results if not isinstance(result, Grade)]
    for where, data in said:
        found = [place for place, canary in canaries.tokens.items() if canary.encode() in data]
        assert not found, f"canaries of {found} in what the {where} says"
        assert canaries.path_token.encode() not in data, f"the path of the course in what the {where} says"
    breaches = re.findall(rb"BREACH-" + canaries.token.encode() + rb"[^\n]*", said[0][1])
    assert not breaches, breaches


def nothing_was_changed_or_reached(outcome: Outcome) -> None:
    """Files, processes and sockets that are no business of a worker's are as they were."""
    assert not outcome.harm
    assert not outcome.folder_changed, "the submission itself was changed"


def nothing_is_left(outcome: Outcome) -> None:
    """No process of a worker has outlived it."""
    assert not outcome.left, f"still running: {sorted(outcome.left)}"


def the_reason_is_named(outcome: Outcome) -> None:
    """It is refused, or graded as the student's own doing, in the words that the fixture expects."""
    attack = outcome.attack
    for result in outcome.results:
        if attack.outcome == "refused":
            assert isinstance(result, SubmissionError), _told(result)
            assert re.search(attack.says, str(result)), str(result)
            continue
        assert isinstance(result, Grade), result
        _expect_words(attack.notes, "\n".join(result.notes))
        attacked = _exercise(result, attack.exercise)
        if attack.score != "full" and attacked.status is Status.GRADED:
            failed = {c.id: _words(c.finding) for c in attacked.checks if c.verdict is Verdict.FAILED}
            assert failed.get(attack.fails, "") if attack.fails else any(failed.values()), _told(result)
            _expect_words(attack.says, failed[attack.fails] if attack.fails else "\n".join(failed.values()))
        elif attack.score != "full":
            _expect_words(attack.says, attacked.note)
    for reports in outcome.reports:
        _expect_schema(json.loads(reports.line))


def nothing_was_earned(outcome: Outcome) -> None:
    """It has no more than a wrong answer; a mere nuisance has all that it deserves, and so has its neighbour."""
    attack = outcome.attack
    for result in outcome.results:
        if not isinstance(result, Grade):
            continue
        attacked = _exercise(result, attack.exercise)
        if attack.score == "full":
            assert attacked.score == attacked.max_score, _told(result)
        elif attack.score == "partial":
            assert attacked.score < attacked.max_score, _told(result)
        else:
            assert attacked.score <= outcome.wrong_score, _told(result)
        if attack.neighbour:
            other = _exercise(result, NEIGHBOUR)
            assert other.score == other.max_score, _told(result)


def the_honest_are_unharmed(outcome: Outcome) -> None:
    """The honest control has full marks, and the very same result, beside the attack, after it, and alone."""
    found = json.loads(outcome.alone)
    assert found["score"] == found["max_score"] > 0, outcome.alone
    assert outcome.beside == outcome.alone
    assert outcome.after == outcome.alone


def it_was_cheap(outcome: Outcome) -> None:
    """Time is bounded by our own limits, and the grader's memory by what answers may weigh."""
    assert outcome.seconds <= 3 * outcome.attack.limits.wall_seconds + SLACK
    assert outcome.grown <= GROWTH, f"the grader grew by {outcome.grown >> 20} MiB"


def reports_are_clean(reports: Reports) -> None:
    """Nothing in a report moves a cursor, turns text around, or adds to the page."""
    for name, text in vars(reports).items():
        bad = {char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t"}
        assert not bad, f"{sorted(map(ascii, bad))} in the {name}"
    page, known = Page(reports.page), vocabulary()
    assert page.used <= known, page.used - known
    assert page.used >= {("h1", ""), ("meta", "http-equiv")}
    assert (page.headings, len(page.ids)) == (1, len(set(page.ids)))


class Page(HTMLParser):
    """A page as the elements that it is made of: pairs of an element and an attribute, empty for the element."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.used: set[tuple[str, str]] = set()
        self.ids: list[str] = []
        self.headings = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.used |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.headings += tag == "h1"


@cache
def vocabulary() -> frozenset[tuple[str, str]]:
    """Every element with every attribute that our templates and charts have."""
    templates = "".join(path.read_text(encoding="utf-8") for path in _TEMPLATES.glob("*.html"))
    plain = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", re.sub(r"\{\{.*?\}\}", "x", templates, flags=re.S), flags=re.S)
    return frozenset(Page(plain).used | Page(html.render(grades.sample_grade())).used)


def _expect_words(pattern: str, text: str) -> None:
    assert re.search(pattern, text, re.S), f"{pattern!r} not in {text!r}"


def _expect_schema(data: Any) -> None:
    """The published form: every key is there, scores are finite and within bounds, nothing is our fault."""
    _expect_item(data, "grade")
    assert data["schema"].startswith("grader/")
    for assignment in data["assignments"]:
        _expect_item(assignment, "assignment")
        for exercise in assignment["exercises"]:
            _expect_item(exercise, "exercise")
            assert exercise["status"] in {str(status) for status in Status} - {str(Status.ERROR)}
            for check in exercise["checks"]:
                _expect_item(check, "check")
                assert check["verdict"] in _VERDICTS - {str(Verdict.ERROR)}, check


def _expect_item(data: Any, kind: str) -> None:
    assert isinstance(data, dict)
    assert set(_KEYS[kind].split()) <= set(data), kind
    assert 0 <= data["score"] <= data["max_score"]


def _exercise(grade: Grade, name: str) -> ExerciseResult:
    return next(exercise for exercise in grade.exercises if exercise.id == name)


def _words(finding: Finding) -> str:
    return "\n".join((finding.rationale, finding.expected, finding.got, finding.hint))


def _told(result: object) -> str:
    if not isinstance(result, Grade):
        return repr(result)
    return "\n".join(
        f"{check.id}: {check.verdict} {check.score:g} {_words(check.finding)!r:.300}"
        for exercise in result.exercises
        for check in exercise.checks
    )
