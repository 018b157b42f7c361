/* The driver's round on a phone that has no line half of the time. The page works without this.
 *
 * What is tapped is kept on the phone first (localStorage), with a key and the phone's time, and then sent to
 * `driver/sync/`. Without a line the next stop comes up from the page itself, a banner counts what is unsent, and it is
 * sent when the line is back, also after the page was loaded again. The server applies each key once, so sending again
 * does no harm.
 *
 *   <form data-tap="DELIVERED" data-delivery="7">    a tap at a stop; START and CLOSE have data-route
 *   <form data-fail="7">                             its buttons are reasons: without a line they tap FAILED
 *   <template data-stop="7">                         a stop as it looks when it is the next one, and its bottom bar
 *   <input type="checkbox" data-crate="…">           stays checked for the day
 */
(() => {
  "use strict";
  const doc = document;
  const round = doc.getElementById("round");
  if (!round || !window.fetch || !window.localStorage) return;
  const KEPT = `milk.taps.${round.dataset.who}`;
  const DAY = `milk.crates.${round.dataset.page}`;
  const AGAIN = 20000;
  const AT_ONCE = 100;
  const PATIENCE = 15000;
  let busy = false;
  let signedOut = false;

  const read = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(name)) || otherwise; } catch { return otherwise; }
  };
  const write = (name, value) => localStorage.setItem(name, JSON.stringify(value));
  const kept = () => read(KEPT, []);
  const token = () => (doc.querySelector("input[name=csrfmiddlewaretoken]") || {}).value || "";
  const fresh = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`);

  /* What was tapped, as the server wants it. Null where only the server can say what is wrong with it. */
  function tapsOf(form) {
    const data = new FormData(form);
    const at = new Date().toISOString();
    const key = String(data.get("key") || fresh());
    const kind = form.dataset.tap;
    if (kind === "PICKED_UP") {
      return data.getAll("delivery").map((id) => ({ key: `${key}-${id}`, kind, delivery: Number(id), tapped_at: at }));
    }
    if (kind === "START" || kind === "CLOSE") {
      const tap = { key, kind, route: Number(form.dataset.route), tapped_at: at };
      if (kind === "CLOSE") tap.after = kept().filter((each) => each.kind !== "CLOSE").map((each) => each.key);
      return [tap];
    }
    const tap = { key, kind, delivery: Number(form.dataset.delivery), tapped_at: at };
    if (kind === "FAILED") Object.assign(tap, { reason: data.get("reason"), note: data.get("note") || "" });
    if (kind === "DELIVERED") {
      if (data.has("cash_collected")) {
        const amount = String(data.get("cash_collected")).trim();
        if (!/^[0-9]{1,9}([.][0-9]{1,2})?$/.test(amount)) return null;
        tap.cash_collected = { amount, currency: form.dataset.currency };
      }
      const empties = String(data.get("empties") || "").trim();
      if (empties && !/^[0-9]{1,3}$/.test(empties)) return null;
      if (empties) tap.empties_collected = Number(empties);
    }
    return [tap];
  }

  function show() {
    const unsent = kept().length;
    const banner = doc.getElementById("offline");
    banner.hidden = !unsent || (busy && navigator.onLine);
    const words = banner.querySelector("[data-unsent]");
    words.textContent = unsent === 1 ? words.dataset.one : words.dataset.many.replace("%d", String(unsent));
  }

  function tell(text) {
    const row = doc.getElementById("refused-row").content.cloneNode(true);
    row.querySelector(".notice__text").textContent = text;
    doc.getElementById("refused").append(row);
    doc.getElementById("refused").scrollIntoView({ block: "nearest" });
  }

  /* Send what is kept, oldest first, one call after the other. Resolves to the refused answers, or to null where there is
   * no line. */
  let line = Promise.resolve();
  function flush() {
    line = line.then(send, send);
    return line;
  }
  async function send() {
    const batch = kept().slice(0, AT_ONCE);
    if (!batch.length) return [];
    busy = true;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(round.dataset.sync, {
        method: "POST",
        credentials: "same-origin",
        signal: stop.signal,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ sent_at: new Date().toISOString(), actions: batch }),
      });
      if (answer.status === 401 || answer.status === 403) {
        if (!signedOut) tell(doc.getElementById("refused").dataset.signIn);
        signedOut = true;
        return null;
      }
      if (!answer.ok) return null;
      const results = (await answer.json()).results;
      const answered = new Set(batch.map((each) => each.key));
      write(KEPT, kept().filter((each) => !answered.has(each.key)));
      return results.filter((each) => each.result === "REFUSED");
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      busy = false;
      show();
    }
  }

  /* Without a line: the stop is done as far as this page goes, and the next one comes up. */
  function goOn(tap) {
    if (!["DELIVERED", "FAILED"].includes(tap.kind)) return;
    const bar = doc.querySelector(`form[data-tap="DELIVERED"][data-delivery="${tap.delivery}"]`);
    const next = doc.querySelector("template[data-stop]");
    const card = doc.getElementById("at-door");
    if (bar) bar.remove();
    if (!card) return;
    card.replaceChildren();
    if (!next) return;
    const [article, form] = next.content.cloneNode(true).children;
    card.replaceChildren(...article.childNodes);
    card.dataset.stop = next.dataset.stop;
    doc.getElementById("main").append(form);
    const row = doc.querySelector(`[data-after="${next.dataset.stop}"]`);
    if (row) row.remove();
    next.remove();
    scrollTo({ top: 0 });
  }

  async function tapped(form, taps) {
    write(KEPT, [...kept(), ...taps]);
    const keys = new Set(taps.map((each) => each.key));
    const refused = await flush();
    if (refused === null) {
      show();
      delete form.dataset.sent;
      taps.forEach(goOn);
      return;
    }
    refused.forEach((each) => tell(each.message));
    if (refused.some((each) => keys.has(each.key))) {
      const key = form.querySelector("input[name=key]");
      if (key) key.value = fresh();
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
      return;
    }
    if (!refused.length) location.assign(round.dataset.page + (taps[0].kind === "UNDO" ? `&stop=${taps[0].delivery}` : ""));
  }

  /* At the hub there is a line, and the server's answer says more; at a door nobody waits for it. */
  const atDoor = ["DELIVERED", "FAILED", "UNDO"];

  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if ((form.dataset.tap || form.dataset.fail) && form.dataset.sent) {
      event.preventDefault();
      return;
    }
    let taps = null;
    if (form.dataset.tap && (atDoor.includes(form.dataset.tap) || !navigator.onLine)) taps = tapsOf(form);
    else if (form.dataset.fail && !navigator.onLine && event.submitter) {
      const data = new FormData(form);
      if (event.submitter.dataset.sure && !confirm(event.submitter.dataset.sure)) { event.preventDefault(); return; }
      taps = [{ key: String(data.get("key")), kind: "FAILED", delivery: Number(form.dataset.fail), reason: event.submitter.value, tapped_at: new Date().toISOString() }];
    }
    if (!taps) return;
    event.preventDefault();
    event.stopPropagation();
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    tapped(form, taps);
  }, true);

  async function again() {
    const had = kept().length;
    const refused = await flush();
    if (refused === null || !had) return;
    refused.forEach((each) => tell(each.message));
    if (!refused.length && !kept().length) location.assign(round.dataset.page);
  }
  addEventListener("online", again);
  setInterval(() => { if (kept().length) again(); }, AGAIN);
  show();
  if (kept().length) again();

  /* What is in the van stays checked when the page comes again. */
  const checked = new Set(read(DAY, []));
  doc.querySelectorAll("[data-crate]").forEach((box) => {
    box.checked = checked.has(box.dataset.crate);
    box.addEventListener("change", () => {
      if (box.checked) checked.add(box.dataset.crate); else checked.delete(box.dataset.crate);
      write(DAY, [...checked]);
    });
  });
})();
