// The console's own script: the live stream, the queue's keyboard and choices, and fresh drill pages.
// Text from logs enters the page through textContent alone.

const words = document.getElementById("words");
const shell = document.getElementById("alert-shell");
const list = document.querySelector("[data-live]");
const pulse = document.getElementById("pulse");
const MOST_ROWS = 200;

function say(kind, value) {
  return (words && words.getAttribute(`data-${kind}-${value}`)) || value;
}

function fill(item, row) {
  item.dataset.id = row.id;
  item.className = `alert b-${row.level}`;
  const box = item.querySelector(".pick input");
  if (box) { box.value = row.id; box.setAttribute("aria-label", row.shown_title); }
  const title = item.querySelector(".what a");
  title.textContent = row.shown_title;
  title.href = `/alerts/${encodeURIComponent(row.id)}`;
  item.querySelector(".what p").textContent = row.shown_why;
  const [level, state] = item.querySelectorAll(".marks > span");
  level.className = `level l-${row.level}`;
  level.textContent = say("level", row.level);
  state.className = `state s-${row.status}`;
  state.textContent = say("status", row.status);
  mark(item, "count", row.count > 1, `×${row.count}`);
  mark(item, "flood", row.flood > 0, row.shown_flood);
  mark(item, "staged", row.staged);
  mark(item, "rests", row.rests);
  mark(item, "drill", row.drill);
  const owner = item.querySelector(".owner a");
  owner.textContent = row.unit_name;
  owner.href = `/units/${encodeURIComponent(row.unit)}`;
  const assignee = item.querySelector(".owner small");
  if (assignee) assignee.textContent = row.assignee;
  const when = item.querySelector("time");
  when.textContent = row.shown_time;
  for (const more of [row.shown_event, row.shown_span])
    if (more) when.appendChild(document.createElement("small")).textContent = more;
}

function mark(item, name, holds, text) {
  const badge = item.querySelector(`.s-${name}`);
  if (!badge) return;
  badge.hidden = !holds;
  if (text !== undefined) badge.textContent = text;
}

function wanted(row) {
  const asked = new URLSearchParams(location.search);
  const drill = asked.get("drill") || "";
  if (drill === "" && row.drill) return false;
  if (drill === "only" && !row.drill) return false;
  if (drill && drill !== "only" && drill !== "any" && drill !== "no" && row.drill !== drill) return false;
  const shown = asked.get("shown") || "";
  if (row.staged !== (shown === "staged")) return false;
  if (shown !== "staged" && row.rests !== (shown === "snoozed")) return false;
  const status = asked.get("status") || "open";
  if (status === "open" && row.status === "closed") return false;
  if (!["open", "any", row.status].includes(status)) return false;
  if (asked.get("level") && asked.get("level") !== row.level) return false;
  if (asked.get("unit") && asked.get("unit") !== row.unit) return false;
  return !asked.get("before") && !asked.get("text") && !asked.get("rule") && !asked.get("entity");
}

function place(row) {
  if (!list || !shell) return;
  const known = list.querySelector(`[data-id="${CSS.escape(row.id)}"]`);
  if (known) {
    if (!wanted(row)) { known.remove(); count(); return; }
    const chosen = known.querySelector(".pick input")?.checked;
    const again = shell.content.firstElementChild.cloneNode(true);
    fill(again, row);
    if (chosen) again.querySelector(".pick input").checked = true;
    if (known.classList.contains("at")) again.classList.add("at");
    known.replaceWith(again);
    return;
  }
  if (!wanted(row) || row.status !== "new") return;
  document.querySelector(".empty")?.remove();
  const item = shell.content.firstElementChild.cloneNode(true);
  fill(item, row);
  item.classList.add("fresh");
  list.prepend(item);
  while (list.children.length > (list.dataset.live === "queue" ? MOST_ROWS : 8)) list.lastElementChild.remove();
}

function live() {
  const stream = new EventSource("/live");
  stream.onopen = () => { pulse.classList.add("on"); pulse.title = pulse.dataset.on; };
  stream.onerror = () => { pulse.classList.remove("on"); pulse.title = pulse.dataset.off; };
  stream.onmessage = (event) => { if (event.data) place(JSON.parse(event.data)); };
  addEventListener("pagehide", () => stream.close());
}

const bulk = document.getElementById("bulk");
const boxes = () => [...document.querySelectorAll(".alerts .pick input")];

function count() {
  if (!bulk) return;
  const chosen = boxes().filter((box) => box.checked);
  bulk.hidden = chosen.length === 0;
  bulk.elements.ids.value = chosen.map((box) => box.value).join(",");
  document.getElementById("picked").textContent = chosen.length;
}

function move(step) {
  const rows = [...document.querySelectorAll(".alerts .alert")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  rows[at]?.classList.remove("at");
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  next.classList.add("at");
  next.scrollIntoView({ block: "nearest" });
}

async function acknowledge(row) {
  const form = new URLSearchParams({ csrf: document.body.dataset.csrf, what: "acknowledge", ids: row.dataset.id, to: "/alerts" });
  await fetch("/alerts/do", { method: "POST", body: form, redirect: "manual" });
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const row = document.querySelector(".alerts .alert.at");
  const keys = document.querySelector(".keys");
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "?" && keys) keys.open = !keys.open;
  else if (!row) return;
  else if (event.key === "Enter") row.querySelector(".what a").click();
  else if (event.key === "a" && bulk) acknowledge(row);
  else if (event.key === "x" && bulk) { const box = row.querySelector(".pick input"); box.checked = !box.checked; count(); }
}

// A running drill: fetch the page again and put the fresh part in place, unless somebody is typing in it.
function fresh() {
  const part = document.getElementById("fresh");
  if (!part || part.dataset.fresh !== "yes") return;
  setInterval(async () => {
    if (part.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return;
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("fresh");
    if (!next) return;
    if (next.dataset.fresh === "no") { location.reload(); return; }
    part.replaceChildren(...next.childNodes);
  }, 2000);
}

// On a phone the row of pages is wider than the screen: the page at hand is brought into it.
const rail = document.querySelector(".main");
const here = rail?.querySelector("[aria-current]");
if (here) rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;

if (pulse) live();
if (bulk) {
  document.addEventListener("change", (event) => { if (event.target.closest(".pick")) count(); });
  count();
}
document.addEventListener("keydown", key);
fresh();
