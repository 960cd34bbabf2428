// SPDX-License-Identifier: AGPL-3.0-or-later
// Passkeys on the sign-in pages: a form with `data-passkey` is filled by the browser's authenticator and sent.
// The options come from the block `passkey-options` of the page, or, for signing in, from the form's own address.

/**
 * Ask the authenticator.
 * @param {{publicKey: object}} options as the site made them (WebAuthn Level 3, JSON form)
 * @param {boolean} makes whether a new passkey is made
 * @returns {Promise<string>} the credential as JSON text
 */
async function credential(options, makes) {
  const found = makes
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON({
          ...options.publicKey,
          authenticatorSelection: {
            ...options.publicKey.authenticatorSelection,
            residentKey: "required", requireResidentKey: true, userVerification: "required",
          },
        }),
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey),
      });
  return JSON.stringify(found.toJSON());
}

/** @param {HTMLFormElement} form */
async function optionsOf(form) {
  const block = form.querySelector("script[type='application/json']");
  if (block) {
    const data = JSON.parse(block.textContent);
    return data.creation_options ?? data.request_options;
  }
  const answer = await fetch(form.dataset.passkey, {
    headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
  });
  if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
  return (await answer.json()).request_options;
}

/** @param {HTMLFormElement} form */
function wire(form) {
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-failed]");
  button.addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    failed.hidden = true;
    button.disabled = true;
    try {
      const options = await optionsOf(form);
      const makes = "user" in options.publicKey;
      form.querySelector("[name='credential']").value = await credential(options, makes);
      form.submit();
    } catch (error) {
      console.info("passkey", error);
      failed.textContent = failed.dataset.failed;
      failed.hidden = false;
      button.disabled = false;
    }
  });
  form.hidden = false;
}

// Without a secure origin (https, or localhost) the browser has no passkeys, and the page offers none.
if (window.PublicKeyCredential && "parseRequestOptionsFromJSON" in PublicKeyCredential) {
  document.querySelectorAll("form[data-passkey]").forEach(wire);
}
