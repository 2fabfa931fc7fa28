"use strict";

// Keeps pages alive. A page says what it listens to with data-live, and a log with data-follow; both end while the page
// is hidden, so that a tab in the background costs nothing, and begin again when it is shown.

// A stream of events while the page is shown and `wants` says so.
class LiveStream {
  constructor(url, events, wants = () => true) {
    this.url = url;
    this.events = events;
    this.wants = wants;
    document.addEventListener("visibilitychange", () => this.update());
    window.addEventListener("pagehide", () => this.close());
    window.addEventListener("pageshow", (shown) => shown.persisted && this.update());
    this.update();
  }

  update() {
    if (document.hidden || !this.wants()) this.close();
    else if (!this.source) this.open();
  }

  open() {
    this.source = new EventSource(this.url);
    for (const [name, act] of Object.entries(this.events)) this.source.addEventListener(name, act);
    // The server says why it ends: after these words there is nothing more to come.
    this.source.addEventListener("end", (end) => {
      if (["finished", "refused"].includes(end.data)) {
        this.close();
        this.wants = () => false;
        window.location.reload();
      }
    });
  }

  close() {
    this.source?.close();
    this.source = undefined;
  }
}

// Asks for the changed parts of the page; without htmx for the whole page.
function refresh() {
  if (window.htmx) document.body.dispatchEvent(new Event("refresh"));
  else window.location.reload();
}

function keepAlive(element) {
  let wasHidden = false;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && wasHidden) refresh();
    wasHidden = document.hidden;
  });
  // The first event comes at once, since parts that are asked for cost little. A whole page that came a moment ago would
  // be loaded again and again.
  let isFirst = true;
  const changed = () => {
    if (window.htmx || !isFirst) refresh();
    isFirst = false;
  };
  new LiveStream(element.dataset.live, { changed });
}

const linesMax = 5000;

function followLog(log, button) {
  let follows = false;
  let lines = [];
  let isPlanned = false;

  function show() {
    isPlanned = false;
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
    log.textContent = lines.join("\n");
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  function add(line) {
    lines.push(line.data);
    if (lines.length > linesMax) lines = lines.slice(-linesMax);
    if (!isPlanned) window.requestAnimationFrame(show);
    isPlanned = true;
  }

  const stream = new LiveStream(log.dataset.follow, { log: add }, () => follows);
  button.hidden = false;
  button.addEventListener("click", () => {
    follows = !follows;
    // The stream begins with the past lines.
    if (follows) lines = [];
    button.setAttribute("aria-pressed", String(follows));
    stream.update();
  });
  log.scrollTop = log.scrollHeight;
}

// Ctrl and Enter send the form of a text field, as in other editors of SQL.
function submitByKey(field) {
  field.addEventListener("keydown", (key) => {
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) field.form.requestSubmit();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("[data-submit-key]")) submitByKey(field);
  for (const element of document.querySelectorAll("[data-live]")) keepAlive(element);
  const log = document.getElementById("log");
  const button = document.getElementById("follow");
  if (log && button) followLog(log, button);
});
