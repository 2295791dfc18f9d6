/** Tells the other pages of this browser that somebody is signed in here, and hears it from them. */

const KEY = "parley.signed-in";

/** A page that the server took in says so; one that was signed out hears it and looks again. */
export function tellSignedIn(storageOf) {
  try {
    storageOf().setItem(KEY, String(Date.now()));
  } catch {
    // Without storage each page looks when it is shown again.
  }
}

export function onSignedIn(target, run) {
  target.addEventListener("storage", (event) => event.key === KEY && run());
}
