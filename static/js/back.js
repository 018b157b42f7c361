/* A page of the back office that answered a form stands in the history as one that can be asked for again: "back" and
 * "reload" lead to it instead of asking to send the form once more. The shop's app.js does the same. */
history.replaceState(history.state, "", location.href);

/* "/" opens the search from anywhere but a field that one types into. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  const field = document.getElementById("search-all");
  if (field) field.focus();
  else window.dispatchEvent(new CustomEvent("opencommand"));
});
