/** What is attached to a message that is stored, by its kind. */

import { h } from "../../core/dom.js";
import { sizeOf, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { dialog, tried } from "../../parts/layers.js";
import { download, whenSeen } from "../chat/files.js";
import { voice } from "./voice.js";

/** @param {any} chat @param {any} message @param {any} attachment */
export function attached(chat, message, attachment) {
  const { contentType, state } = attachment;
  if (state === "quarantined") return harmful(attachment);
  if (contentType.startsWith("audio/")) return voice(chat, message, attachment);
  return contentType.startsWith("video/") ? video(attachment) : fileCard(attachment);
}

/** @param {any} attachment whose content the service has deleted */
function harmful({ filename }) {
  return h("div.file.harmful", null, h("span.file-icon", null, icon("warning")), h("span.names", null, h("b", { dir: "auto" }, filename), h("small", null, t("file.harmful"))));
}

/** @param {any} attachment */
function video(attachment) {
  const shown = h("video", { controls: true, preload: "metadata", "aria-label": attachment.filename });
  whenSeen(shown, async () => {
    const found = await tried(download(attachment.id));
    if (found) shown.src = found.url;
  });
  return h("div.player", null, shown, h("small", { dir: "auto" }, attachment.filename));
}

/** @param {any} attachment */
function fileCard(attachment) {
  const { filename, size } = attachment;
  return h("button.file", { type: "button", onclick: () => saveFile(attachment) }, h("span.file-icon", null, icon("file")), h("span.names", null, h("b", { dir: "auto" }, filename), h("small", null, sizeOf(size))), icon("download"));
}

/** Shows a picture as large as the page. @param {any} attachment */
export function showPicture(attachment) {
  const shown = h("img.whole", { alt: attachment.caption ?? attachment.filename });
  void tried(download(attachment.id)).then((found) => found && (shown.src = found.url));
  const save = h("button.plain", { type: "button", onclick: () => saveFile(attachment) }, icon("download"), t("file.save"));
  const caption = attachment.caption && h("p.text.caption", null, attachment.caption);
  dialog(attachment.filename, () => [shown, caption, h("div.buttons", null, save)], { wide: true });
}

/** @param {any} attachment */
async function saveFile(attachment) {
  const found = await tried(download(attachment.id));
  if (found) h("a", { href: found.url, download: found.filename, rel: "noopener", target: "_blank" }).click();
}
