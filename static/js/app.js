/* Small helps on top of pages that work without JavaScript.
 * Elements ask for them with data- attributes; nothing here knows a page.
 *
 *   <a href="/fallback/" data-dialog-open="id">   open a native <dialog>; the link is the way without JavaScript
 *   <div class="toast" data-dismiss-after="6">    leaves after so many seconds, waits while touched or focused
 *   <a href="#..." data-dialog-close>             closes the dialog around it
 *   <a href="/cart/" data-drawer-open="id">       opens a drawer: a dialog with data-drawer="address of its body"
 *   <input data-enter="id">                       Enter presses that button
 *   <form data-clean>                             sends no empty fields, and closes the dialog around it when sent
 *   <form data-suggest>                           a search box with a list of suggestions: arrows, Enter, Escape
 *   <button data-dismiss hidden>                  closes the notice or toast around it
 *   <time data-countdown="4320">                  seconds left, told in hours and minutes
 *   <div data-stepper>                            makes the - and + buttons beside a number field work
 *   <button data-reveal hidden>                   shows and hides the password beside it
 *   <select data-submit>                          sends its form when changed
 *   <button data-print hidden>                    prints the page
 *   <body data-address="/cart/">                  where the page is found again, if it answered a form sent elsewhere
 *   <form>                                        is sent once, however often its button is tapped
 */
(() => {
  "use strict";
  const doc = document;
  const language = doc.documentElement.lang || "en";

  /* A page that answered a form stands in the history as one that can be asked for again. So "back" and "reload" lead to
   * a page, where the browser would else ask to send the form once more. */
  const own = doc.body.dataset.address;
  const answered = own && new URL(own, location).pathname !== location.pathname;
  history.replaceState(history.state, "", answered ? own : location.href);

  /* Dialogs */
  doc.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (!opener) return;
    const dialog = doc.getElementById(opener.dataset.dialogOpen);
    if (!dialog || !dialog.showModal) return;
    event.preventDefault();
    dialog.showModal();
  });
  doc.addEventListener("click", (event) => {
    if (event.target.matches("dialog[open]")) event.target.close(); // a tap on the backdrop
  });

  doc.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-dialog-close]");
    const dialog = closer && closer.closest("dialog[open]");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });

  /* A drawer: a dialog whose body is fetched when it opens. Going back closes it, and closing it goes back. */
  doc.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-drawer-open]");
    const drawer = opener && doc.getElementById(opener.dataset.drawerOpen);
    if (!drawer || !drawer.showModal || !window.htmx || drawer.open) return;
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const body = drawer.querySelector(".drawer__body");
    body.replaceChildren(drawer.querySelector("template").content.cloneNode(true));
    history.pushState({ drawer: drawer.id }, "");
    drawer.dataset.shown = "1";
    drawer.showModal();
    htmx.ajax("GET", drawer.dataset.drawer, { source: body, target: body, swap: "innerHTML" });
  });
  doc.querySelectorAll("dialog[data-drawer]").forEach((drawer) => {
    drawer.addEventListener("close", () => {
      if (history.state && history.state.drawer === drawer.id) history.back();
      catchUp(drawer);
    });
  });
  addEventListener("popstate", (event) => {
    const drawer = doc.querySelector("dialog[data-drawer]");
    if (!drawer || !drawer.dataset.shown) return;
    delete drawer.dataset.shown;
    event.stopImmediatePropagation(); // the page under it is still there: htmx need not fetch it
    if (drawer.open) drawer.close();
  }, true);
  /* What was changed in the drawer shows on the steppers of the page under it. */
  function catchUp(drawer) {
    const held = new Map([...drawer.querySelectorAll("[data-variant]")].map((line) => [line.dataset.variant, line.dataset.quantity]));
    if (!drawer.querySelector(".drawer__scroll")) return;
    doc.querySelectorAll("main form[hx-post]").forEach((form) => {
      const variant = form.querySelector("input[name=variant]");
      const more = form.querySelector("button[name=quantity]");
      if (!variant || !more) return;
      const shown = form.querySelector("output");
      const quantity = held.get(variant.value) || "0";
      if ((shown ? shown.textContent : "0") === quantity) return;
      htmx.ajax("POST", form.getAttribute("hx-post"), { source: form, target: form, swap: "outerHTML", values: { quantity } });
    });
  }

  /* Enter in this field presses its own button, not the form's large one. */
  doc.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-enter]")) return;
    const button = doc.getElementById(event.target.dataset.enter);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* Notices and toasts */
  function leave(box) {
    box.classList.add("is-leaving");
    setTimeout(() => box.remove(), 260);
  }
  function dismissLater(toast) {
    let timer;
    const start = () => { timer = setTimeout(leave, Number(toast.dataset.dismissAfter) * 1000, toast); };
    const stop = () => clearTimeout(timer);
    ["pointerenter", "focusin"].forEach((name) => toast.addEventListener(name, stop));
    ["pointerleave", "focusout"].forEach((name) => toast.addEventListener(name, start));
    start();
  }
  doc.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (button) button.closest(".notice, .toast").remove();
  });
  function showTemplateToast(id) {
    const template = doc.getElementById(id);
    const region = doc.getElementById("toasts");
    if (!template || !region) return;
    region.append(template.content.cloneNode(true));
    enhance(region);
  }

  /* Countdown. Counts from the seconds the server gave, so a wrong clock on the phone does no harm. */
  function duration(seconds) {
    const unit = (value, name) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    if (hours >= 24) return `${unit(Math.floor(hours / 24), "day")} ${unit(hours % 24, "hour")}`;
    if (hours) return `${unit(hours, "hour")} ${unit(minutes, "minute")}`;
    if (minutes >= 5) return unit(minutes, "minute");
    return `${unit(minutes, "minute")} ${unit(Math.floor(seconds % 60), "second")}`;
  }
  function countDown(element) {
    const ends = performance.now() + Number(element.dataset.countdown) * 1000;
    const box = element.closest(".countdown");
    const tick = () => {
      if (!element.isConnected) return;
      const left = Math.max(0, (ends - performance.now()) / 1000);
      element.textContent = duration(left);
      if (box) {
        box.toggleAttribute("data-soon", left > 0 && left < 1800);
        box.toggleAttribute("data-over", left === 0);
      }
      if (left > 0) setTimeout(tick, left < 300 ? 1000 : 15000);
      else element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    };
    tick();
  }

  /* Stepper inside a larger form */
  function stepper(box) {
    const input = box.querySelector("input");
    box.querySelectorAll("button[data-step]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        if (Number(button.dataset.step) > 0) input.stepUp(); else input.stepDown();
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    });
  }

  /* Password: show and hide */
  function reveal(button) {
    const input = button.parentElement.querySelector("input");
    button.hidden = false;
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      button.textContent = show ? button.dataset.hide : button.dataset.show;
    });
  }

  /* A form is sent once. Forms that htmx sends are left to htmx. */
  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-post], [hx-get], [data-resend]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    doc.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    });
  });
  doc.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  /* Search box: the list that htmx brings is walked with the arrows; the focus stays in the box. */
  function suggest(form) {
    const input = form.querySelector("[role=combobox]");
    const list = form.querySelector("[role=listbox]");
    const options = () => [...list.querySelectorAll("[role=option]")];
    let current = -1;
    const choose = (index) => {
      current = index;
      options().forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
      const chosen = options()[index];
      if (chosen) { input.setAttribute("aria-activedescendant", chosen.id); chosen.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    };
    const show = (open) => {
      list.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      choose(-1);
    };
    list.addEventListener("htmx:afterSwap", () => show(options().length > 0 && doc.activeElement === input));
    input.addEventListener("focus", () => { if (options().length && input.value) show(true); });
    input.addEventListener("keydown", (event) => {
      const count = options().length;
      if (event.key === "Escape" && !list.hidden) { event.preventDefault(); show(false); return; }
      if (list.hidden && event.key === "ArrowDown" && count) { event.preventDefault(); show(true); choose(0); return; }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); choose(current + 1 < count ? current + 1 : -1); }
      if (event.key === "ArrowUp") { event.preventDefault(); choose(current > -1 ? current - 1 : count - 1); }
      if (event.key === "Enter" && current > -1) { event.preventDefault(); options()[current].click(); }
    });
    form.addEventListener("focusout", () => setTimeout(() => { if (!form.contains(doc.activeElement)) show(false); }, 150));
    form.addEventListener("submit", () => show(false));
  }

  /* Run each help once on each element, also on what htmx brings later. */
  const helps = [
    ["[data-dismiss-after]", dismissLater],
    ["[data-dismiss][hidden]", (button) => { button.hidden = false; }],
    ["[data-countdown]", countDown],
    ["[data-stepper]", stepper],
    ["[data-reveal]", reveal],
    ["[data-suggest]", suggest],
    ["[data-print]", (button) => { button.hidden = false; button.addEventListener("click", () => print()); }],
  ];
  const done = new WeakSet();
  function enhance(root) {
    helps.forEach(([selector, help]) => {
      const found = [...root.querySelectorAll(selector)];
      if (root.matches && root.matches(selector)) found.push(root);
      found.forEach((element) => {
        if (done.has(element)) return;
        done.add(element);
        help(element);
      });
    });
  }
  enhance(doc);

  /* htmx: the CSRF token rides along when the element sends no form, and a failure is told in words. */
  doc.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  doc.addEventListener("htmx:configRequest", (event) => {
    const token = doc.querySelector("input[name=csrfmiddlewaretoken]");
    if (event.detail.verb !== "get" && token) event.detail.headers["X-CSRFToken"] = token.value;
  });
  doc.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches("[data-clean]")) return;
    [...event.detail.formData.entries()].forEach(([name, value]) => { if (value === "") event.detail.formData.delete(name); });
  });
  doc.addEventListener("submit", (event) => {
    const dialog = event.target.matches("[data-clean]") && event.target.closest("dialog[open]");
    if (dialog) dialog.close();
  });
  /* What was tapped is gone with the part that was swapped: the focus goes to that part, not to the top of the page. */
  doc.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    if (doc.activeElement === doc.body && part && part.tabIndex === -1 && part.id) part.focus({ preventScroll: true });
  });
  doc.addEventListener("htmx:responseError", () => showTemplateToast("toast-failed"));
  doc.addEventListener("htmx:sendError", () => showTemplateToast("toast-offline"));
})();
