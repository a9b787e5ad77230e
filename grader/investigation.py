"""What lies behind a failed check: which known mistake it is, and which failures are only its consequences.

Asked only where something failed. Verdicts are the checks' own: here the student's evidence is laid beside that of
solutions with known mistakes (`diagnosis`), and an exercise that is built on a mistaken one is judged once more:
against a solution with the same mistake, or both with a stand-in for what is mistaken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property

from grader import bank, checks, demonstration, plan, standins
from grader.answers import Answers, Unasked
from grader.asking import merge
from grader.bank import Bank, Variation
from grader.checks import training
from grader.checks.question import Question
from grader.course import Assignment, Course, Exercise
from grader.diagnosis import naming
from grader.diagnosis.naming import Suspect
from grader.errors import SandboxError
from grader.language import _, ngettext, pgettext, spoken
from grader.model import Demonstration, Finding, Misconception, Place, Verdict
from grader.plan import Job, Probe, Settings
from grader.references import References, Say
from grader.sandbox.host import Sandbox
from grader.submission import Module, Submission, hashed
from grader.wire.records import Found, Problem, Source

NO_SOURCE = Source((), (), ())
Findings = dict[str, Finding]


@dataclass(frozen=True)
class Mistaken:
    """What is known of an exercise that lost points: a known mistake that it cannot be told from, and the student's
    lines between which that shows; exercises that share code may share them."""

    behaves_as: Variation | None = None
    lines: tuple[Place, ...] = ()

    def same(self, other: Mistaken) -> bool:
        """Whether both are one mistake, made once."""
        if self.behaves_as is None or other.behaves_as is None or not self.lines:
            return False
        return self.behaves_as.misconception == other.behaves_as.misconception and self.lines == other.lines


@dataclass(frozen=True)
class Insight:
    """What was found out about one exercise: its findings, judged once more where `note` says so, and the names of what
    is behind them."""

    findings: Findings
    misconceptions: tuple[Misconception, ...] = ()
    mistaken: Mistaken = Mistaken()
    note: str = ""
    demonstration: Demonstration = field(default_factory=Demonstration)


@dataclass(frozen=True)
class Ground:
    """What an exercise is compared on top of, where it is built on a mistaken one: solutions with the same mistakes in
    that one, or with a stand-in for it (see `standins`)."""

    mistakes: tuple[Variation, ...] = ()
    stand_ins: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        return pgettext("between names", " and ").join(
            dict.fromkeys([*(one.exercise for one in self.mistakes), *self.stand_ins])
        )

    def under(self, source: bytes, assignment: Assignment) -> bytes:
        """A solution, the right one or a mistaken one, with this below it."""
        return standins.built_on(bank.together(source, self.mistakes), assignment, self.stand_ins)

    def reason(self) -> str:
        """Why the exercise lost nothing, or less, for what it is built on."""
        if self.stand_ins:
            said = _("Judged with a simple stand-in for {names}: what is wrong there costs points there alone.")
        else:
            said = _(
                "Judged against a solution whose {names} has the same mistake: it costs points once, where it is made."
            )
        return said.format(names=self.names)


PLAIN = Ground()


class Investigator:
    """Looks behind failed checks, with the course's bank of mistakes. Workers that need not wait for one another are
    asked in `pool`."""

    def __init__(
        self,
        course: Course,
        references: References,
        sandbox: Sandbox,
        settings: Settings,
        pool: Executor,
        say: Say,
        shows: bool,
    ) -> None:
        self._course, self._references, self._sandbox, self._settings = course, references, sandbox, settings
        self._pool, self._say, self._shows = pool, say, shows

    @cached_property
    def _bank(self) -> Bank:
        return bank.of(self._course)

    def look_into(
        self,
        question: Question,
        findings: Findings,
        handed_in: Submission,
        module: Module,
        answers: Answers,
        earlier: Mapping[str, Mistaken],
    ) -> Insight:
        """Find out what is behind the failures of an exercise; `earlier` are those before it that lost points."""
        if not _is_there(question):
            return Insight(findings)
        source = self._source(question.exercise, answers, module)
        asked, ground, note = question, PLAIN, ""
        for other in self._grounds(question, source, earlier):
            if not failed(findings):
                break
            try:
                again = self._on(other, asked, answers, module)
            except Unasked:
                continue
            judged = _where_answered(checks.run(again), findings)
            if _points(question.exercise, judged) > _points(question.exercise, findings):
                question, findings, ground, note = again, judged, other, other.reason()
            elif ground is PLAIN and other.mistakes:
                question, ground = again, other
                note = _("There is another mistake in {names}; what is said here was found beside that one.").format(
                    names=other.names
                )
        if not failed(findings):
            return Insight(findings, note=note)
        suspects = self._suspects(question, ground, source)
        told = tuple(self._misconception(suspect, source, handed_in, module) for suspect in suspects)
        shown = self._demonstration(question, findings, ground, handed_in, module, answers)
        # The next exercise is judged by it: so it must be beyond doubt, and in this exercise alone.
        if not suspects or not suspects[0].exact or ground is not PLAIN:
            return Insight(findings, told, note=note, demonstration=shown)
        sure = suspects[0].variation
        this = Mistaken(sure, _lines(question, _fact(sure, source, handed_in, module), shown))
        twin = next((name for name, other in earlier.items() if this.same(other)), "")
        if twin:
            again = self._on(Ground(mistakes=(sure,)), question, answers, module)
            findings = _where_answered(checks.run(again), findings)
            note = _("The same mistake as in {twin}, in code that both use ({lines}): it costs points once.").format(
                twin=twin, lines=_told(this.lines)
            )
            if not failed(findings):
                return Insight(findings, mistaken=this, note=note)
        return Insight(findings, told, this, note, shown)

    def _grounds(self, question: Question, source: Source, earlier: Mapping[str, Mistaken]) -> Iterator[Ground]:
        """What to compare the exercise on top of: the same mistakes, where they are known; stand-ins, where they are
        not, and where what is built on them stops, or fails for what no solution may do."""
        assignment = self._course.assignment(question.exercise.assignment)
        # Where the solution goes another way, neither says anything.
        built_on = bank.mentioned(assignment.solution, question.exercise.name)
        used = [name for name in source.uses if name in earlier and name in built_on]
        known = tuple(one for name in used if (one := earlier[name].behaves_as) is not None)
        if known:
            yield Ground(mistakes=known)
        if names := standins.there_are(assignment, used):
            yield Ground(stand_ins=names)

    def _on(self, ground: Ground, question: Question, answers: Answers, module: Module) -> Question:
        """The question on top of `ground`: asked again where stand-ins change what the student's own code does."""
        assignment = self._course.assignment(question.exercise.assignment)
        source = ground.under(assignment.solution, assignment)
        reference = self._pool.submit(self._references.mistaken, question.exercise, source)
        student = question.student
        if ground.stand_ins:
            jobs = plan.jobs(question.exercise, self._course.digits, self._settings)
            asked = (standins.asked_with(job, assignment, ground.stand_ins) for job in jobs)
            parts = [answers.ask(job, module, soon=True) for job in asked]
            student = merge([part.result() for part in parts])
        return _lowered(replace(question, student=student, reference=reference.result()), question)

    def _source(self, exercise: Exercise, answers: Answers, module: Module) -> Source:
        others = [e.name for e in self._course.assignment(exercise.assignment).exercises if e.name != exercise.name]
        params = {"name": exercise.name, "others": others}
        probe = Probe("source", "source", params, limits=self._settings.limits_of(exercise))
        try:
            answered = answers.ask(Job(exercise, (probe,), 0.0, ()), module, soon=True).result()
        except Unasked:  # names go as far then as the other answers carry
            return NO_SOURCE
        return answered.get("source", Source) or NO_SOURCE

    def _suspects(self, question: Question, ground: Ground, source: Source) -> list[Suspect]:
        """The known mistakes that the evidence speaks for. First by what is built, which is quick; then by all."""
        exercise = question.exercise
        assignment = self._course.assignment(exercise.assignment)
        known = self._bank.within(exercise.name, source.uses)
        sources = [ground.under(one.source, assignment) for one in known]
        beside = naming.Comparison(exercise, question.student, question.reference, source)
        if exercise.cases:
            outlines = self._references.outlines(exercise, sources, self._say)
            seen = [beside.suspect(one, outline) for one, outline in zip(known, outlines, strict=True)]
        else:
            seen = [beside.unseen(one) for one in known]
        likely = [i for i, suspect in enumerate(seen) if not suspect.contradicted and not suspect.unexplained]
        others = [i for i, suspect in enumerate(seen) if not suspect.contradicted and suspect.unexplained]
        found: list[Suspect] = []
        for part in (likely, others):
            evidence = self._references.examined(exercise, [sources[i] for i in part], self._say)
            found += [beside.suspect(known[i], each) for i, each in zip(part, evidence, strict=True)]
            if any(suspect.exact for suspect in found):
                break
        return naming.ranked(found)

    def _demonstration(
        self,
        question: Question,
        findings: Findings,
        ground: Ground,
        handed_in: Submission,
        module: Module,
        answers: Answers,
    ) -> Demonstration:
        # What only shows beside a stand-in, no call shows that a student could make.
        if not self._shows or ground.stand_ins or not demonstration.wanted(question.student, findings):
            return Demonstration()
        assignment = self._course.assignment(question.exercise.assignment)
        source = ground.under(assignment.solution, assignment)

        def show() -> Demonstration:
            return demonstration.demonstrated(
                question, assignment, source, handed_in, module, self._sandbox, self._settings
            )

        about = hashed(question.exercise.id, question.exercise.cases, source, self._settings.seed)
        try:
            return demonstration.explained(answers.shown(about, module, show))
        except SandboxError:  # an illustration that cannot be had is no reason to lose what it illustrates
            return Demonstration()

    def _misconception(self, suspect: Suspect, source: Source, handed_in: Submission, module: Module) -> Misconception:
        words, language = self._bank.misconceptions[suspect.variation.misconception], spoken()
        return Misconception(
            words.id,
            words.principle[language],
            _place(suspect.variation, source, handed_in, module),
            title=words.title[language],
            technique=words.technique[language],
        )


def failed(findings: Mapping[str, Finding]) -> bool:
    """Whether any check failed by the student's doing."""
    return any(finding.verdict is Verdict.FAILED for finding in findings.values())


def _is_there(question: Question) -> bool:
    """Whether there is anything to look into: a file that cannot be read behaves like no mistake in an exercise."""
    found = question.student.get("find", Found)
    return found is not None and found.kind != "absent"


def _points(exercise: Exercise, findings: Mapping[str, Finding]) -> float:
    return sum(points for id, points in exercise.points.items() if findings[id].verdict is Verdict.PASSED)


def _where_answered(judged: Findings, before: Findings) -> Findings:
    """The new findings, but for questions that the mistaken solution cannot answer itself."""
    return {id: before[id] if found.verdict is Verdict.ERROR else found for id, found in judged.items()}


def _lowered(again: Question, before: Question) -> Question:
    """The question with a band as far below the mistaken solution's accuracy as the usual one is below the right one's.

    Never narrower than the usual one: a mistake may by chance do better.
    """
    band, reached, usual = again.exercise.band, *(training.accuracy(each, "reference") for each in (again, before))
    if band is None or reached is None or usual is None or reached >= usual:
        return again
    return replace(again, exercise=replace(again.exercise, band=replace(band, lowest=band.lowest - usual + reached)))


def _place(variation: Variation, source: Source, handed_in: Submission, module: Module) -> Place | None:
    """Where to look: the line of the fact that tells the mistake, else the method that it is in."""
    looked_for = (variation.look, variation.exercise)
    methods = ((each.file, each.line) for name in looked_for for each in source.methods if each.name == name)
    return _fact(variation, source, handed_in, module) or handed_in.place(*next(methods, ("", 0)), module.stem)


def _fact(variation: Variation, source: Source, handed_in: Submission, module: Module) -> Place | None:
    """The line of the fact that tells the mistake from others like it."""
    facts = ((fact.file, fact.line) for fact in source.facts if variation.fact and fact.name == variation.fact)
    return handed_in.place(*next(facts, ("", 0)), module.stem)


def _lines(question: Question, fact: Place | None, shown: Demonstration) -> tuple[Place, ...]:
    """The student's lines where a mistake shows: of an exception, of the fact that tells it, else those between which
    the pass parts from the reference's. None where that is not known."""
    raised = [outcome for outcome in question.student.outcomes.values() if isinstance(outcome, Problem)]
    if raised and raised[0].frames:
        frame = raised[0].frames[-1]
        return (Place(frame.file, frame.line),)
    if fact is not None:
        return (fact,)
    parts = next((index for index, row in enumerate(shown.trace) if row.first), 0)
    sides = [rows for rows in (shown.trace[max(0, parts - 1) : parts], shown.trace[parts:]) if rows]
    found = [place for rows in sides if (place := next((row.where for row in rows if row.where), None))]
    return tuple(found) if len(found) == len(sides) else ()


def _told(lines: tuple[Place, ...]) -> str:
    numbers = list(dict.fromkeys(str(place.line) for place in lines))
    said = ngettext("{file}, line {lines}", "{file}, lines {lines}", len(numbers))
    return said.format(file=lines[0].file, lines=pgettext("between names", " and ").join(numbers))
