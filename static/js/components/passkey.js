/** Gives a button its passkey or security key, by django-allauth's script; says when none answers. */

export function mountPasskey(notice) {
  const { kind, button, credential, passwordless } = notice.dataset;
  const ids = { [kind]: button, credential, passwordless, data: "js_data" };
  window.allauth.webauthn.forms[`${kind}Form`]({ ids });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    notice.hidden = false;
  });
  const ask = document.getElementById(button);
  ask.addEventListener("click", () => {
    notice.hidden = true;
  });
  // Before now it would have sent a form without a key.
  ask.disabled = false;
}
