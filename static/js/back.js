/* A page of the back office that answered a form stands in the history as one that can be asked for again: "back" and
 * "reload" lead to it instead of asking to send the form once more. The shop's app.js does the same. */
history.replaceState(history.state, "", location.href);
