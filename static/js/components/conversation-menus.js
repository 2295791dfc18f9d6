/** What can be done with a conversation: the open one from its header, any one from the list. */

import { editInPlace } from "./inline-edit.js";

const GAP_PX = 4;

export function mountConversationMenus(app, { problem }) {
  const menu = app.querySelector("[data-menu-of-item]");
  const renameForm = app.querySelector("[data-rename-form]");
  const deleteForm = app.querySelector("[data-delete-form]");
  const token = renameForm.querySelector("[name=csrfmiddlewaretoken]").value;
  const urlOf = (form, id) => form.dataset.actionTemplate.replace("/0/", `/${id}/`);
  const deleteDialog = document.getElementById("delete-dialog");
  const menuOfOpen = document.getElementById("conversation-menu");
  let opener = null;
  let id = null;
  let isOfItem = false;

  app.querySelector("[data-rename-here]").addEventListener("click", (event) => {
    event.preventDefault();
    menuOfOpen.hidePopover();
    renameOpen();
  });
  app.querySelector(".chat-title").addEventListener("dblclick", () => {
    if (app.dataset.conversationId) renameOpen();
  });
  document.querySelector('[popovertarget="delete-dialog"]').addEventListener("click", () => {
    isOfItem = false;
    aimDelete(app.dataset.conversationId, "");
  });
  deleteDialog.addEventListener("toggle", (event) => {
    // Whoever came from the list goes back there; the page's own button may not even be shown.
    if (event.newState !== "closed" || !isOfItem) return;
    (opener.checkVisibility() ? opener : app.querySelector(".drawer-button")).focus({ preventScroll: true });
  });

  function renameOpen() {
    editInPlace(app.querySelector(".chat-title"), {
      url: urlOf(renameForm, app.dataset.conversationId),
      token,
      onDone: () => document.querySelector('[popovertarget="conversation-menu"]').focus({ preventScroll: true }),
      onProblem: problem,
    });
  }

  /** What is asked stands on the page, which is out of reach while the drawer is open. */
  function leaveDrawer() {
    const drawer = opener.closest("[popover]:popover-open");
    if (!drawer) return;
    drawer.hidePopover();
    document.getElementById("content").inert = false;
  }

  function aimDelete(number, title) {
    const what = deleteForm.querySelector("[data-delete-what]");
    deleteForm.action = urlOf(deleteForm, number);
    deleteForm.querySelector("[name=next]").value = String(number) === app.dataset.conversationId ? "/" : location.pathname;
    what.hidden = !title;
    const shown = document.createElement("bdi");
    shown.textContent = title;
    what.replaceChildren(...(title ? ["“", shown, "”."] : []));
  }

  app.addEventListener("click", (event) => {
    const button = event.target.closest("[data-item-menu]");
    if (button) show(button);
    else if (!event.target.closest("[data-menu-of-item]")) menu.hidePopover();
  });

  function show(button) {
    const wasOpen = menu.matches(":popover-open") && opener === button;
    menu.hidePopover();
    if (wasOpen) return;
    opener = button;
    id = Number(button.closest("li").querySelector("a").dataset.conversationId);
    for (const part of menu.querySelectorAll("[data-item-template]")) {
      part[part.matches("form") ? "action" : "href"] = part.dataset.itemTemplate.replace("/0/", `/${id}/`);
    }
    menu.showPopover();
    const place = button.getBoundingClientRect();
    const top = Math.min(place.bottom + GAP_PX, innerHeight - menu.offsetHeight - GAP_PX);
    menu.style.setProperty("--top", `${top}px`);
    menu.style.setProperty("--left", `${Math.min(place.left, innerWidth - menu.offsetWidth - GAP_PX)}px`);
    button.dataset.open = "";
    menu.querySelector(".menu-item").focus({ preventScroll: true });
  }

  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed") delete opener?.dataset.open;
  });
  menu.addEventListener("keydown", (event) => {
    const items = Array.from(menu.querySelectorAll(".menu-item"));
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      items[(at + step + items.length) % items.length].focus();
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      items.at(event.key === "Home" ? 0 : -1).focus();
    } else if (event.key === "Tab") menu.hidePopover();
  });

  function close() {
    menu.hidePopover();
    opener?.focus({ preventScroll: true });
  }

  // A download leaves the page as it is: nothing else would close the menu that it was chosen from.
  menu.addEventListener("click", ({ target }) => target.closest("a") && close());
  menuOfOpen.addEventListener("click", ({ target }) => target.closest("a") && menuOfOpen.hidePopover());

  const linkOf = () => opener.closest("li").querySelector("a");
  menu.querySelector("[data-item-rename]").addEventListener("click", () => {
    menu.hidePopover();
    const link = linkOf();
    editInPlace(link.querySelector("[data-title]"), {
      url: urlOf(renameForm, id),
      token,
      onDone: () => link.focus({ preventScroll: true }),
      onProblem: problem,
    });
  });
  menu.querySelector("[data-item-archive]").addEventListener("click", () => {
    menu.querySelector("[data-item-archive-form]").submit();
  });
  menu.querySelector("[data-item-delete]").addEventListener("click", () => {
    menu.hidePopover();
    aimDelete(id, linkOf().querySelector("[data-title]").textContent);
    isOfItem = true;
    leaveDrawer();
    deleteDialog.showPopover();
  });
}
