"""The page of a class is whole with a script and without, obeys no student's text, and finds whom it is asked for."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from classes import FORMULAS, answered, entry, hostile_class, mistaken, sample_class
from grades import HOSTILE, LONG_LINE

from grader.classroom import survey
from grader.entry import Entry
from grader.model import Override
from grader.report import overview
from grader.text import printable

OMITTED = {"tr", "th", "td"}  # HTML lets their end tags be left out
ADDRESS = {"href", "src", "action", "formaction", "srcset", "poster", "data", "xlink:href"}


class Page(HTMLParser):
    """A page taken apart: its elements, the text outside of scripts and styles, and whether it is balanced."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.rows: list[list[str]] = []  # of the table of students
        self.open: list[str] = []
        self.misplaced: list[str] = []
        self._students = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag in ("tr", "th", "td"):
            self._leave({"tr": OMITTED}.get(tag, {"th", "td"}))
        if tag == "tbody":
            self._students = found.get("id") == "rows"
        if self._students and tag == "tr":
            self.rows.append([])
        if self._students and tag in ("th", "td"):
            self.rows[-1].append("")
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tbody", "thead"):
            self._leave(OMITTED)
            self._students = False
        if tag == "tr":
            self._leave({"th", "td"})
        if not self.open or self.open.pop() != tag:
            self.misplaced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data
            if self._students and self.rows and self.rows[-1]:
                self.rows[-1][-1] += data

    def having(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def _leave(self, tags: set[str]) -> None:
        while self.open and self.open[-1] in tags:
            self.open.pop()


def page_of(entries: list[Entry], pages: dict[str, str] | None = None) -> str:
    """The page of a class, with an address for everybody but Zoe."""
    every = {one.name: f"students/{one.name}.html" for one in entries if one.name != "zoe"}
    return overview.render(survey(entries), every if pages is None else pages)


def folded(text: str) -> str:
    """Text with its blanks as a reader sees them."""
    return " ".join(text.split())


@pytest.fixture(params=[sample_class, hostile_class, list], ids=["sample", "hostile", "nobody"])
def source(request: pytest.FixtureRequest) -> str:
    """The page of a believable class, then of a hostile one, then of nobody."""
    return page_of(request.param())


def test_the_page_is_balanced(source: str) -> None:
    """Every element should be closed where it has to be, in the right order, and no id be there twice."""
    page = Page(source)
    assert (page.misplaced, page.open) == ([], [])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_runs_or_loads_but_what_we_wrote(source: str) -> None:
    """One style, two scripts, all by their hashes; no style= and no on*=; nothing that has an address outside."""
    page = Page(source)
    (style,), scripts = (re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.S) for tag in ("style", "script"))
    ours = (style, *scripts)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in ours]
    policies = [meta["content"] for meta in page.having("meta") if "http-equiv" in meta]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}' 'sha256-{hashes[2]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert source.index("Content-Security-Policy") < source.index("<style>")
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(|document\.write", "".join(ours))
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "link", "object", "embed", "base")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ADDRESS & set(attributes):
            assert name == "href"
            assert attributes[name].startswith("#") or re.fullmatch(r"[\w/.~%-]+", attributes[name], re.A)
            assert not attributes[name].startswith("/")


def test_no_invisible_character_is_in_the_page(source: str) -> None:
    """Control and bidi characters should not reach the page, and it should be writable as UTF-8."""
    assert source.encode("utf-8").decode("utf-8").replace("\n", "").isprintable()


def test_links_within_the_page_arrive() -> None:
    """A link to a place should lead there; others are for the script, and hidden without it."""
    page = Page(page_of(sample_class()))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    inner = [attributes["href"] for attributes in page.having("a") if attributes["href"].startswith("#")]
    places = {href.removeprefix("#") for href in inner if "=" not in href}
    assert places == {"needs", "how", "mistakes", "items", "students"}
    assert places <= ids
    hidden = re.findall(r'<(?:p|span) class="scripted">\s*<a[^>]*href="#\w+=', page_of(sample_class()))
    assert len(hidden) == len([href for href in inner if "=" in href]) > 8


def test_without_a_script_every_student_is_there_with_everything() -> None:
    """Name, page, score, exercises, misconceptions and what needs a person should stand in the page itself."""
    page = Page(page_of(sample_class()))
    rows = {row[0].strip(): [folded(cell) for cell in row[1:]] for row in page.rows}
    assert list(rows) == ["alice", "bob", "carol", "dora", "emil", "zoe", "张伟"]
    assert rows["alice"][:3] == ["80.5 / 145", "3", "##.! #!/ ."]
    assert rows["alice"][3:] == ["stride-on-second-conv", "the grader failed in conv_relu_pool, RestNetDownBlock"]
    assert rows["bob"][0] == "88 / 145 grader 80.5"
    assert rows["bob"][2] == "##./ #!/ ."
    assert rows["bob"][4].endswith("; set by hand: conv_relu_pool 0 → 7.5")
    assert rows["carol"] == ["–", "–", "", "", "put the .py file into it"]
    assert rows["emil"][2:] == ["/--- --- -", "bias-missing", "quarantined"]
    links = {attributes["href"] for attributes in page.having("a")}
    assert {"students/alice.html", "students/%E5%BC%A0%E4%BC%9F.html"} <= links
    assert not [href for href in links if "zoe" in href]


def test_what_needs_a_person_comes_first_and_names_them() -> None:
    """Counts, names and reasons should stand above scores and students."""
    text = folded(Page(page_of(sample_class())).text)
    order = ["7 submissions", "6 graded; median 52 %", "5 need a person", "1 no grade carol put the .py file into it"]
    order += [
        "2 the grader failed alice in conv_relu_pool",
        "1 quarantined emil",
        "1 a note asks for it dora Is it data?",
    ]
    order += ["Points set by hand", "m.weber", "Scores", "Commonest misconceptions", "The title of bias-missing"]
    order += ["2 students, 33 %", "bias-missing; 10 points missing on average", "emil", "张伟"]
    order += ["Exercises and checks", "Students"]
    at = 0
    for words in order:
        assert words in text[at:]
        at = text.index(words, at) + len(words)


def test_a_class_in_order_says_so() -> None:
    """Nothing to do should be said, and no empty list shown."""
    text = Page(page_of([entry("ann", answered("a.one", True))])).text
    assert "Nothing waits for a person." in text
    assert "nobody waits for a person" in text
    assert "None was named." in text


def test_a_check_that_goes_against_the_rest_is_named() -> None:
    """It should stand with what needs a person, with its figure."""
    entries = [entry(f"s{n}", answered("a.one", n < 30), answered("a.two", n >= 27)) for n in range(60)]
    text = folded(Page(page_of(entries)).text)
    assert "Checks to look at one · c0 goes against all other points: is it right? (discrimination −0.90" in text


def test_what_is_cut_says_so() -> None:
    """Lists of thousands should be short on the page, with how many more there are in the table, which has all."""
    override = Override("a.one", 1, "", "m", "")
    entries = [entry(f"s{n:03}", mistaken("a.one", "common"), overrides=(override,)) for n in range(230)]
    page = Page(page_of([*entries, *(Entry(f"t{n}", None) for n in range(9))]))
    text = folded(page.text)
    assert "and 30 more, in the table of students" in text
    assert "and 210 more, in the table" in text
    assert "and 4 more, in the table" in text
    assert len(page.rows) == 239


def test_hostile_text_is_text() -> None:
    """Every hostile name should be readable in the page, with its invisible characters written out."""
    text = folded(Page(page_of(hostile_class())).text)
    for attack in (*HOSTILE, *FORMULAS, "javascript:alert(1)", "//evil.example/x"):
        assert folded(printable(attack).replace("\t", "\\t").replace("\n", "\\n")) in text
    assert "x" * 500 not in text
    assert "more characters" in text
    assert LONG_LINE not in text


@pytest.mark.parametrize("path", ["javascript:alert(1)", "//evil.example/x.html", "/etc/passwd", "a.html?x#y", '"><b>'])
def test_an_address_stays_beside_the_page(path: str) -> None:
    """Whatever path a page is said to have, its link should be a relative one."""
    page = Page(page_of([Entry("ann", None)], {"ann": path}))
    (href,) = {attributes["href"] for attributes in page.having("a") if not attributes["href"].startswith("#")}
    assert not re.search(r"[:?#\"<>]|^/", href)


def test_it_is_written_whole(tmp_path: Path) -> None:
    """The page should have its name, and take entries one by one."""
    path = overview.write(iter(sample_class()), tmp_path, {"alice": "students/alice.html"})
    assert path == tmp_path / "index.html"
    assert path.read_text(encoding="utf-8") == page_of(sample_class(), {"alice": "students/alice.html"})
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]


def test_the_page_of_a_student_says_nothing_of_others() -> None:
    """Ranks and averages of the class belong to teachers: no page of a student's should be made with a class."""
    from grader.report import html

    assert "classroom" not in Path(html.__file__).read_text(encoding="utf-8")
