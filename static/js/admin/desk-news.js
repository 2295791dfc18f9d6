/** Hears at once which case changed; without the line, pages fall back to looking now and then. */

import { Connection } from "../lib/socket.js";

const PATH = "/ws/desk/";

/**
 * Listen while the page is open.
 *
 * @param {object} options
 * @param {(event: {case_id: number, state: string, version: number}) => void} options.onCase takes each change
 * @param {(event: {case_id: number, by: string}) => void} options.onGiven takes each case that a lead gives to this person
 * @param {() => void} options.onMissed is called when something may have been missed
 */
export function watchDesk({ onCase, onGiven, onMissed }) {
  let wasOpen = false;
  const connect = () => new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${PATH}`);
  const onEvent = (event) => {
    if (event.type === "case.changed") onCase(event);
    else if (event.type === "case.given") onGiven(event);
    else if (event.type === "desk.missed") onMissed();
  };
  const onState = (state) => {
    if (state !== "open") return;
    if (wasOpen) onMissed();
    wasOpen = true;
  };
  const connection = new Connection({ connect, onEvent, onState });
  addEventListener("offline", () => connection.offline());
  addEventListener("online", () => connection.online());
  addEventListener("pagehide", () => connection.close());
  connection.open();
}
