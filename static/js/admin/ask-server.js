/** Asks the server for data; what it refuses is thrown with its sentence and everything it said. */

const OFFLINE = "The server could not be reached. Nothing was changed. Try again.";

export class Refusal extends Error {
  constructor(data, status) {
    super(data.message || OFFLINE);
    this.data = data;
    this.status = status;
  }
}

function token() {
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({}, 0);
  }
  if (response.redirected && !response.headers.get("Content-Type")?.includes("json")) {
    throw new Refusal({ message: "You are signed out. Load the page again." }, 401);
  }
  const data = await response.json().catch(() => ({ message: "Something went wrong. Try again." }));
  if (!response.ok) throw new Refusal(data, response.status);
  return data;
}

const JSON_ONLY = { Accept: "application/json" };

export function get(url, options = {}) {
  return ask(url, { headers: JSON_ONLY, ...options });
}

export function post(url, body = new FormData(), options = {}) {
  const headers = { ...JSON_ONLY, "X-CSRFToken": token() };
  return ask(url, { method: "POST", body, headers, ...options });
}

/** Tell the server something while the page goes away. */
export function leave(url) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", token());
  navigator.sendBeacon(url, body);
}
