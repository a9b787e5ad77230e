"use strict";
(() => {
  const SIZE = 50; // rows in the page at a time
  const FEW = 3; // misconceptions of one row that are named at once
  const root = document.documentElement;
  root.classList.add("scripts"); // hides the rows until they are taken out, and shows what needs this script
  const get = (id) => document.getElementById(id);
  const fold = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
  const number = (text) => { const found = parseFloat(text.replace("−", "-")); return Number.isNaN(found) ? -Infinity : found; };

  const STANDINGS = { open: "/o", nothing: "o", whole: "#", absent: ".", undecided: "!" };
  const DRAWN = { "#": "■", "/": "◧", "o": "□", ".": "·", "!": "!", "-": "–" };
  const KINDS = { "#": "whole", "/": "part", "o": "nothing", ".": "absent", "!": "undecided", "-": "unasked" };
  // What is said here, in the language of the page: the element stands before this script.
  const WORDS = JSON.parse(get("words").textContent);
  const told = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const FIELDS = ["q", "exercise", "standing", "misconception", "look"];

  let all = [], found = [], exercises = [], page = 0, sort = "name", down = false, timer = 0;

  // A row of the table as what is searched, sorted and filtered.
  function read(row, place) {
    const [name, score, whole, strip, mistakes, look] = row.cells;
    const words = look.textContent.trim();
    return {
      row, place, dressed: false, asked: null,
      text: fold(name.textContent + "\n" + mistakes.textContent + "\n" + words),
      score: number(score.textContent), whole: number(whole.textContent), look: words ? 1 : 0,
      strip: strip.textContent.replaceAll(" ", ""),
      mistakes: mistakes.textContent.trim().split(", "),
      kinds: look.dataset.kinds ? look.dataset.kinds.split(" ") : [],
    };
  }

  // What makes a row easy to read, once it is first shown.
  function dress(student) {
    if (!student.dressed) draw(student);
    student.dressed = true;
    const asked = get("misconception").value;
    if (student.asked !== asked) shorten(student, asked);
    student.asked = asked;
  }

  // The first few misconceptions, the one that is asked for before all; a button has the rest.
  function shorten(student, asked) {
    const rest = student.mistakes.length - FEW;
    if (rest <= 1) return;
    const cell = student.row.cells[4], more = document.createElement("button");
    const ordered = student.mistakes.includes(asked) ? [asked, ...student.mistakes.filter((name) => name !== asked)] : student.mistakes;
    more.type = "button";
    more.textContent = "+" + rest;
    more.setAttribute("aria-label", told(WORDS.more, { count: rest }));
    more.addEventListener("click", () => {
      cell.tabIndex = -1;
      cell.textContent = ordered.join(", ");
      cell.focus();
    });
    cell.replaceChildren(ordered.slice(0, FEW).join(", "), more);
  }

  // The glyphs of a row in colours and with names.
  function draw(student) {
    const cell = student.row.cells[3], strip = document.createElement("span");
    let place = 0;
    for (const glyph of cell.textContent.trim()) {
      if (glyph === " ") { strip.append(" "); continue; }
      const mark = document.createElement("span");
      mark.className = KINDS[glyph];
      mark.textContent = DRAWN[glyph];
      mark.title = told(WORDS.standing, { exercise: exercises[place++], standing: WORDS.standings[glyph] });
      strip.append(mark);
    }
    if (!place) return;
    strip.className = "strip";
    strip.setAttribute("role", "img");
    const complete = [...student.strip].filter((glyph) => glyph === "#").length;
    strip.setAttribute("aria-label", told(WORDS.complete, { count: complete, total: place }));
    cell.replaceChildren(strip);
  }

  function matches(state) {
    const words = fold(state.q).split(/\s+/).filter(Boolean);
    const at = state.exercise ? [...get("exercise").options].findIndex((option) => option.value === state.exercise) - 1 : -1;
    const wanted = STANDINGS[state.standing] ?? "";
    return (student) =>
      words.every((word) => student.text.includes(word)) &&
      (!wanted || (at >= 0 ? wanted.includes(student.strip[at] ?? " ") : [...wanted].some((glyph) => student.strip.includes(glyph)))) &&
      (!state.misconception || student.mistakes.includes(state.misconception)) &&
      (!state.look || (state.look === "any" ? student.kinds.some((kind) => kind !== "changed") : student.kinds.includes(state.look)));
  }

  function select() {
    if (get("exercise").value && !get("standing").value) get("standing").value = "open";
    found = all.filter(matches(Object.fromEntries(FIELDS.map((id) => [id, get(id).value]))));
    if (sort !== "name") found.sort((one, other) => (one[sort] - other[sort]) * (down ? -1 : 1) || one.place - other.place);
    else if (down) found.reverse();
  }

  function show(everybody) {
    const pages = Math.max(1, Math.ceil(found.length / SIZE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const shown = everybody === true ? found : found.slice(page * SIZE, (page + 1) * SIZE);
    shown.forEach(dress);
    get("rows").replaceChildren(...shown.map((student) => student.row));
    const total = all.length.toLocaleString("en"), count = found.length.toLocaleString("en");
    get("count").textContent = told(count !== total ? WORDS.some : all.length === 1 ? WORDS.one : WORDS.all, { count, total });
    get("place").textContent = told(WORDS.page, { page: page + 1, pages });
    for (const id of ["place", "before", "after"]) get(id).hidden = pages === 1;
    get("before").disabled = page === 0;
    get("after").disabled = page === pages - 1;
    get("none").hidden = found.length > 0;
    for (const head of document.querySelectorAll("#table th[data-sort]")) {
      if (head.dataset.sort === sort) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  // The state of the view, as it stands behind the # of the address.
  function write() {
    const state = new URLSearchParams();
    for (const id of FIELDS) if (get(id).value) state.set(id, get(id).value);
    if (sort !== "name" || down) state.set("sort", (down ? "-" : "") + sort);
    if (page) state.set("page", page + 1);
    const hash = state.size || [...state].length ? "#" + state : location.hash.includes("=") ? "#students" : location.hash;
    if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname);
  }

  function restore() {
    const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const id of FIELDS) get(id).value = state.get(id) ?? "";
    for (const id of FIELDS.slice(1)) if (get(id).selectedIndex < 0) get(id).value = "";
    const by = state.get("sort") ?? "name";
    down = by.startsWith("-");
    sort = ["name", "score", "whole", "look"].find((key) => key === by.replace("-", "")) ?? "name";
    page = (parseInt(state.get("page") ?? "1", 10) || 1) - 1;
    select();
    show();
  }

  function change() {
    page = 0;
    select();
    show();
    clearTimeout(timer);
    timer = setTimeout(write, 200);
  }

  function turn(by) {
    page += by;
    show();
    write();
    get("table").scrollIntoView({ block: "nearest" });
  }

  // A button in the head of a column, for the keyboard and for those who cannot see.
  function button(head, pressed) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(...head.childNodes);
    made.addEventListener("click", pressed);
    head.append(made);
  }

  function sortable(table) {
    const rows = [...table.tBodies[0].rows];
    for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
      button(head, () => {
        const rising = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", rising ? "descending" : "ascending");
        const key = (row) => row.cells[place].textContent.trim();
        const numeric = head.classList.contains("number");
        const ordered = [...rows].sort((one, other) => (numeric ? number(key(one)) - number(key(other)) : key(one).localeCompare(key(other), undefined, { numeric: true })));
        table.tBodies[0].append(...(rising ? ordered.reverse() : ordered));
      });
    }
  }

  function start() {
    const body = get("rows");
    const rows = [...body.rows];
    body.replaceChildren();
    all = rows.map(read);
    exercises = [...get("exercise").options].slice(1).map((option) => option.textContent);
    for (const glyph of document.querySelectorAll(".legend .glyph")) {
      glyph.classList.add(KINDS[glyph.textContent]);
      glyph.textContent = DRAWN[glyph.textContent];
    }
    for (const head of document.querySelectorAll("#table th[data-sort]")) {
      button(head, () => {
        down = sort === head.dataset.sort ? !down : head.dataset.sort === "look";
        sort = head.dataset.sort;
        change();
      });
    }
    document.querySelectorAll("table.sortable").forEach(sortable);
    get("filters").addEventListener("input", change);
    get("filters").addEventListener("submit", (event) => event.preventDefault());
    get("filters").addEventListener("reset", () => setTimeout(change));
    get("before").addEventListener("click", () => turn(-1));
    get("after").addEventListener("click", () => turn(1));
    addEventListener("beforeprint", () => show(true));
    addEventListener("afterprint", show);
    addEventListener("hashchange", () => {
      if (!location.hash.includes("=")) return;
      restore();
      get("students").scrollIntoView();
      get("students").focus({ preventScroll: true });
    });
    restore();
    root.classList.add("ready");
    if (location.hash.includes("=")) get("students").scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", start);
})();
