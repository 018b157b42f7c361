/* Stops of the dispatcher's desk are dragged: within a round, and from round to round. What is dropped goes through the
 * same form as everything else; without this file the arrows and the list below each round do the same. */
let dragged = null;

const clear = () => document.querySelectorAll(".bo-desk-target").forEach((each) => each.classList.remove("bo-desk-target"));

/* The stop under the pointer, or the list where that is past the last one. */
const target = (event) => event.target.closest?.("[data-before]") ?? event.target.closest?.("[data-round]");

const ready = () => document.querySelectorAll("[data-stop]").forEach((stop) => { stop.draggable = true; });

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-stop]") ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const place = dragged && target(event);
  clear();
  if (!place || place === dragged) return;
  event.preventDefault();
  place.classList.add("bo-desk-target");
});
document.addEventListener("dragend", () => { dragged = null; clear(); });
document.addEventListener("drop", (event) => {
  const place = dragged && target(event);
  clear();
  if (!place || place === dragged) return;
  event.preventDefault();
  const form = document.getElementById("desk-drop");
  form.elements.stop.value = dragged.dataset.stop;
  form.elements.to.value = place.closest("[data-round]").dataset.round;
  form.elements.before.value = place.dataset.before ?? "";
  dragged = null;
  form.requestSubmit();
});
document.addEventListener("htmx:afterSettle", ready);
ready();

/* What drivers do meanwhile: every half minute, while somebody looks, the desk asks whether something changed. It is put
 * in place of the old one as long as nobody works on it; else only its numbers are, and the rest follows once the hand is
 * off it. */
const EVERY = 30000;
let asked = Date.now();

const isChanged = (field) => {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  return field.type !== "hidden" && field.value !== field.defaultValue;
};

const isBusy = (desk) => Boolean(
  dragged
  || desk.contains(document.activeElement)
  || desk.querySelector("details[open], .htmx-request")
  || [...desk.querySelectorAll("input, select")].some(isChanged),
);

const renew = (desk, fresh) => {
  if (!isBusy(desk)) {
    desk.replaceWith(fresh);
    window.htmx?.process(fresh);
    ready();
    return;
  }
  desk.dataset.edition = ""; // the rest is asked for again
  desk.querySelectorAll("[data-part]").forEach((part) => {
    const newer = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (newer) part.replaceWith(newer);
  });
};

const look = async () => {
  const desk = document.getElementById("desk");
  if (!desk?.dataset.live || document.hidden) return;
  asked = Date.now();
  const { edition } = desk.dataset;
  try {
    const answer = await fetch(desk.dataset.live, {
      headers: edition ? { "If-None-Match": `"${edition}"` } : {},
      credentials: "same-origin",
      redirect: "error", // signed out meanwhile: the page stays, and says so when something is pressed
      cache: "no-store",
    });
    if (answer.status !== 200) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("desk");
    if (fresh && desk.isConnected) renew(desk, document.importNode(fresh, true));
  } catch { /* no line: the next half minute asks again */ }
};

setInterval(look, EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - asked > EVERY) look(); });
