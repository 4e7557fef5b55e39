/** An archive of everything personal: asked for with the password, made in the background, kept for a day. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t, why } from "../../core/i18n.js";
import { onEnd, signal } from "../../core/reactive.js";
import { field, form, skeleton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { dialog, tried } from "../../parts/layers.js";

const LOOK_MILLISECONDS = 5000;

export function archive() {
  const { account } = self();
  /** @type {import("../../core/reactive.js").Signal<import("../../../sdk/types/api.js").Export | null>} */
  const now = signal(null);
  const wrong = signal("");
  let timer = 0;
  let left = false;
  const look = async () => {
    clearTimeout(timer);
    try {
      now.value = await account.archive();
      wrong.value = "";
    } catch (error) {
      wrong.value = why(error);
    }
    // The section may have been left meanwhile.
    if (!left && (wrong.peek() || now.peek()?.state === "working")) timer = setTimeout(look, LOOK_MILLISECONDS);
  };
  onEnd(() => {
    left = true;
    clearTimeout(timer);
  });
  void look();
  return h(
    "section",
    null,
    h("p.hint", null, t("archive.hint")),
    h("p.hint", { role: "status" }, () => wrong.value || (now.value ? t(`archive.${now.value.state}`) : "")),
    () => !now.value && !wrong.value && skeleton(1),
    () => now.value && shown(now.value, look),
  );
}

/** @param {import("../../../sdk/types/api.js").Export} now @param {() => Promise<void>} look */
function shown({ state, progress, uploadId }, look) {
  if (state === "ready") return h("button.row", { type: "button", onclick: () => save(/** @type {number} */ (uploadId)) }, icon("download"), t("archive.save"));
  if (state === "working") return h("div.field", null, h("progress", { max: 100, value: progress, "aria-label": t("settings.archive") }));
  return h("button.row", { type: "button", onclick: () => ask(look) }, icon("file"), t("archive.ask"));
}

/** @param {() => Promise<void>} look */
function ask(look) {
  dialog(t("archive.ask"), (close) => {
    const password = field({ label: t("password.current"), name: "password", check: (value) => (value ? "" : t("field.needed")), input: { type: "password", autocomplete: "current-password", autofocus: true } });
    return form([password], t("archive.ask"), async (values) => {
      await self().account.makeArchive(values.password);
      close();
      await look();
    });
  });
}

/** @param {number} uploadId */
async function save(uploadId) {
  const found = await tried(self().uploads.download(uploadId));
  if (found) h("a", { href: found.url, download: found.filename, rel: "noopener", target: "_blank" }).click();
}
