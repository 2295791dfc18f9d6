/** Puts the conversation page together. */

import "../components/words.js";
import { ChatPage } from "../components/chat-page.js";
import { Composer } from "../components/composer.js";
import { ConnectionNotice } from "../components/connection-notice.js";
import { copyFormulasAsWritten, listenForCopies } from "../components/copy.js";
import { mountConversationMenus } from "../components/conversation-menus.js";
import { mountDetails } from "../components/details.js";
import { mountFound } from "../components/found.js";
import { closeMenusBehind, focusOn } from "../components/focus.js";
import { standAsPage } from "../components/form-answer.js";
import { fetchNodes } from "../components/html.js";
import { mountComponents } from "../components/mount.js";
import { Notices } from "../components/notices.js";
import { mountReport } from "../components/report.js";
import { mountSearch } from "../components/search-dialog.js";
import { mountShortcuts } from "../components/shortcuts.js";
import { Sidebar } from "../components/sidebar.js";
import { Transcript } from "../components/transcript.js";
import { rememberZone } from "../components/zone.js";
import { Drafts } from "../lib/drafts.js";
import { newClientId } from "../lib/message.js";
import { onSignedIn, tellSignedIn } from "../lib/signed-in.js";
import { Connection } from "../lib/socket.js";

const LET_IN_AFTER_MS = 1000;
const SHUT_OUT = ["signed_out", "suspended"];

const app = document.querySelector('[data-page="chat"]');
const find = (name) => app.querySelector(`[data-${name}]`);

/** One polite region for everything that is said; the same words twice are said twice. */
function announce(text) {
  const status = find("status");
  status.textContent = "";
  if (text) requestAnimationFrame(() => (status.textContent = text));
}

function storage(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}

/** What this tab is called through all its pages, so that each finds its own drafts again. */
function nameOfTab() {
  const kept = storage("sessionStorage");
  try {
    if (!kept.getItem("parley.tab")) kept.setItem("parley.tab", newClientId());
    return kept.getItem("parley.tab");
  } catch {
    return newClientId();
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(`${scheme}//${location.host}${app.dataset.socketPath}`);
}

/** A page that was shut out is looked at, or hears of a sign-in in another tab: where its person is let in again, all of it is to be shown anew. */
async function comeBack() {
  if (document.visibilityState !== "visible" || !SHUT_OUT.includes(connection.state)) return;
  if (await fetchNodes(find("sidebar").dataset.listing)) location.reload();
}

/** What had the focus goes: be where one writes, or on the page where that would bring a keyboard up. */
function goOnWriting() {
  composer.focus();
  if (document.activeElement !== composer.input) focusOn(app.querySelector("#content"));
}

/** Keep the composer above a keyboard that covers the page instead of shrinking it (iOS). */
function liftAboveKeyboard() {
  const view = window.visualViewport;
  const lift = () => {
    // The browser may have moved the visible part down already, so that the field is in it.
    const covered = view.scale > 1 ? 0 : Math.max(0, innerHeight - view.height - view.offsetTop);
    find("dock").style.setProperty("--keyboard", `${covered}px`);
    transcript.keepUp();
  };
  view?.addEventListener("resize", lift);
  view?.addEventListener("scroll", lift);
}

standAsPage();
rememberZone();
mountComponents();
const drafts = new Drafts(storage("localStorage"), { owner: app.dataset.userId, page: newClientId(), tab: nameOfTab() });
const conversationId = Number(app.dataset.conversationId) || null;
const transcript = new Transcript(find("transcript"), find("jump"), () => goOnWriting());
drafts.settle(transcript.clientIds());
const composer = new Composer(app.querySelector('[data-component="composer"]'), drafts, conversationId);
const notice = new ConnectionNotice(find("connection"), announce);
const connection = new Connection({
  connect,
  onEvent: (event) => page.take(event),
  onState: (state) => {
    notice.show(state);
    if (state === "open") {
      page.connected();
      // The server opens first and looks then: only who is still there has been let in.
      setTimeout(() => connection.isOpen && tellSignedIn(() => localStorage), LET_IN_AFTER_MS);
    }
    else if (state === "signed_out" || state === "suspended") page.shutOut(state);
  },
});
const page = new ChatPage({ app, connection, transcript, composer, drafts, sidebar: new Sidebar(find("sidebar"), { storage: storage("sessionStorage"), currentId: conversationId }), notices: new Notices(app, goOnWriting), notice, announce });

page.start();
connection.open();
listenForCopies(app, announce);
copyFormulasAsWritten(app);
mountReport(app);
closeMenusBehind(app);
mountDetails(app);
mountConversationMenus(app, { problem: (text) => composer.showProblem(text) });
mountShortcuts(app, { search: mountSearch(app), stop: () => composer.isBusy && page.stop() });
liftAboveKeyboard();
if (!mountFound(transcript.log, (log) => page.shownMore(log))) composer.focus();
addEventListener("offline", () => connection.offline());
addEventListener("online", () => connection.online());
addEventListener("pagehide", () => connection.close());
addEventListener("pageshow", (event) => event.persisted && connection.open());
document.addEventListener("visibilitychange", comeBack);
addEventListener("pageshow", comeBack);
onSignedIn(window, comeBack);
