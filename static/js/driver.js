/* The driver's round on a phone that has no line half of the time. The page works without this.
 *
 * With "delivered" goes where the phone is: it is asked when the driver taps, and nobody waits long for it. A photo is made
 * smaller, kept on the phone (IndexedDB) under its tap's key, and sent after the tap, on whatever page the driver is then. One
 * that is refused is named there until another one is taken.
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
  const LONGEST_SIDE = 1600;
  const PATIENCE_FOR_PLACE = { granted: 3000, prompt: 8000, denied: 0 };
  const FRESH = 30000;
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
      if (data.get("kept")) return null;
      if (photoOf(form)) tap.has_photo = true;
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
    banner.hidden = (!unsent && !photosWait) || (busy && navigator.onLine);
    const words = banner.querySelector("[data-unsent]");
    const taps = unsent === 1 ? words.dataset.one : words.dataset.many.replace("%d", String(unsent));
    words.textContent = [unsent ? taps : "", photosWait ? words.dataset.photos : ""].join(" ").trim();
  }

  /* -- where the phone is ------------------------------------------------------------------------------------------ */

  let place = null;
  async function locate() {
    if (!navigator.geolocation) return null;
    if (place && Date.now() - place.asked < FRESH) return place.found;
    let state = "prompt";
    try { state = (await navigator.permissions.query({ name: "geolocation" })).state; } catch { /* an older browser */ }
    const patience = PATIENCE_FOR_PLACE[state];
    if (!patience) return null;
    const found = new Promise((resolve) => {
      setTimeout(() => resolve(null), patience);
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy, at: new Date().toISOString() }),
        () => resolve(null),
        { enableHighAccuracy: true, timeout: patience, maximumAge: FRESH },
      );
    });
    place = { asked: Date.now(), found };
    return found;
  }

  /* -- photos ------------------------------------------------------------------------------------------------------ */

  const PHOTOS = "photos";
  const inMemory = new Map();
  let photosWait = false;
  const chosen = new WeakMap();

  const photoOf = (form) => {
    const input = form.querySelector("input[type=file]");
    return input && input.files.length ? input.files[0] : null;
  };

  /* One request to the phone's own store. Rejects where the browser has none. */
  function store(mode, ask) {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open("milk", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(PHOTOS, { keyPath: "key" });
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const part = opening.result.transaction(PHOTOS, mode);
        const request = ask(part.objectStore(PHOTOS));
        part.oncomplete = () => { opening.result.close(); resolve(request.result); };
        part.onabort = () => { opening.result.close(); reject(part.error); };
      };
    });
  }
  async function keepPhoto(photo) {
    try { await store("readwrite", (all) => all.put(photo)); } catch { inMemory.set(photo.key, photo); }
  }
  async function keptPhotos() {
    let stored = [];
    try { stored = await store("readonly", (all) => all.getAll()); } catch { /* none then */ }
    return [...stored, ...inMemory.values()].filter((each) => each.who === round.dataset.who);
  }
  async function forgetPhoto(key) {
    inMemory.delete(key);
    try { await store("readwrite", (all) => all.delete(key)); } catch { /* it was never there */ }
  }

  /* The photo no larger than anybody looks at it, and a thumb of it on its button; as it is where the browser can't. */
  async function smaller(file, thumb) {
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
      const canvas = doc.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      const side = Math.min(canvas.width, canvas.height);
      thumb.getContext("2d").drawImage(canvas, (canvas.width - side) / 2, (canvas.height - side) / 2, side, side, 0, 0, thumb.width, thumb.height);
      thumb.hidden = false;
      const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.82); });
      return blob || file;
    } catch {
      return file;
    }
  }

  doc.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches(".hand-over input[type=file]")) return;
    const label = input.closest("label");
    const words = label.querySelector("[data-photo-words]");
    const thumb = label.querySelector("canvas");
    thumb.hidden = true;
    if (!input.files.length) return;
    chosen.set(input, smaller(input.files[0], thumb));
    words.textContent = words.dataset.taken;
    input.form.querySelector("[data-photo-missing]").hidden = true;
    locate();
  });

  /* Send what is kept, one after the other. The server keeps one under each key, so sending again does no harm. */
  let sending = false;
  async function sendPhotos() {
    if (sending) return;
    sending = true;
    try {
      for (const each of await keptPhotos()) {
        if (each.problem) { askAgain(each); continue; }
        const body = new FormData();
        body.append("key", each.key);
        body.append("photo", each.photo, "door.jpg");
        const answer = await fetch(round.dataset.photos.replace("/0/", `/${each.delivery}/`), {
          method: "PUT",
          credentials: "same-origin",
          headers: { Accept: "application/json", "X-CSRFToken": token() },
          body,
        });
        if (answer.status === 401 || answer.status === 403 || answer.status === 429 || answer.status >= 500) return;
        if (answer.status !== 422 && answer.status !== 413) {
          await forgetPhoto(each.key);
          continue;
        }
        const told = await answer.json();
        const refused = { ...each, photo: null, problem: ((told.errors || {}).photo || [told.detail])[0] };
        await keepPhoto(refused);
        askAgain(refused);
      }
      photosWait = false;
    } catch {
      photosWait = true;
    } finally {
      sending = false;
      show();
    }
  }

  /* A photo that was refused says which order it is about, on every page of the round until another one is taken under
   * its tap's key or the driver goes without. */
  function askAgain(refused) {
    if (doc.querySelector(`[data-photo-of="${CSS.escape(refused.key)}"]`)) return;
    const notice = doc.getElementById("photo-row").content.firstElementChild.cloneNode(true);
    const words = notice.querySelector(".notice__text p");
    notice.dataset.photoOf = refused.key;
    words.textContent = `${words.dataset.of.replace("%s", refused.number || "")} ${refused.problem}`;
    notice.querySelector("input").addEventListener("change", async ({ target }) => {
      if (!target.files.length) return;
      const photo = await smaller(target.files[0], notice.querySelector("canvas"));
      await keepPhoto({ ...refused, photo, problem: "" });
      notice.remove();
      sendPhotos();
    });
    notice.querySelector("button").addEventListener("click", () => {
      forgetPhoto(refused.key);
      notice.remove();
    });
    doc.getElementById("refused").append(notice);
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
    const batch = kept().filter((each) => !unfinished.has(each.key)).slice(0, AT_ONCE);
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

  /* Taps that are kept already, and sent once it is known where the phone is. */
  const unfinished = new Set();
  async function prove(form, tap) {
    const input = form.querySelector("input[type=file]");
    const photo = tap.has_photo ? chosen.get(input) || Promise.resolve(input.files[0]) : null;
    const [position] = await Promise.all([
      locate(),
      photo && photo.then((blob) => keepPhoto({ key: tap.key, delivery: tap.delivery, number: form.dataset.number, who: round.dataset.who, photo: blob })),
    ]);
    if (position) write(KEPT, kept().map((each) => (each.key === tap.key ? { ...each, position } : each)));
  }

  async function tapped(form, taps) {
    write(KEPT, [...kept(), ...taps]);
    const keys = new Set(taps.map((each) => each.key));
    if (form.dataset.tap === "DELIVERED") {
      keys.forEach((key) => unfinished.add(key));
      try { await prove(form, taps[0]); } finally { keys.forEach((key) => unfinished.delete(key)); }
    }
    const refused = await flush();
    if (refused === null) {
      photosWait = photosWait || taps.some((each) => each.has_photo);
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
    if ("needsPhoto" in form.dataset && !photoOf(form) && !new FormData(form).get("kept")) {
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("[data-photo-missing]").hidden = false;
      const note = form.querySelector("[data-photo-needed]");
      if (note) note.hidden = true;
      form.querySelector("input[type=file]").focus();
      return;
    }
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
    sendPhotos();
    const had = kept().length;
    const refused = await flush();
    if (refused === null || !had) return;
    refused.forEach((each) => tell(each.message));
    if (!refused.length && !kept().length) location.assign(round.dataset.page);
  }
  addEventListener("online", again);
  setInterval(() => { if (kept().length || photosWait) again(); }, AGAIN);
  show();
  if (kept().length) again();
  else sendPhotos();

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
