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
