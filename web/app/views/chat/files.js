/** Attached pictures, videos, sounds and files. Their addresses live for minutes, and are asked for when they are seen. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { sizeOf, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { dialog, tried } from "../../parts/layers.js";

const MARGIN_MILLISECONDS = 30_000;
/** @type {Map<string, Promise<any>>} */
const asked = new Map();

/**
 * @param {number} id of an upload
 * @param {"medium"} [size] of a picture, if not the picture itself
 * @returns {Promise<any>} with an address that still works for some time
 */
async function download(id, size) {
  const key = `${id} ${size}`;
  const known = await asked.get(key)?.catch(() => null);
  if (known && Date.parse(known.expiresAt) - Date.now() > MARGIN_MILLISECONDS) return known;
  const asking = self().uploads.download(id, size);
  asked.set(key, asking);
  return asking;
}

/** @param {any[]} attachments of a message that is stored */
export function attachmentsOf(attachments) {
  const pictures = attachments.filter(isPicture);
  const others = attachments.filter((one) => !isPicture(one));
  return [
    pictures.length > 0 && h("div.pictures", { class: pictures.length > 1 ? "many" : "" }, pictures.map(picture)),
    others.map((one) => (one.state !== "quarantined" && /^(audio|video)\//.test(one.contentType) ? player(one) : fileCard(one))),
  ];
}

/** @param {any} attachment */
const isPicture = ({ contentType, state }) => state !== "quarantined" && /^image\/(png|jpeg|gif|webp|avif)$/.test(contentType);

/** @param {any} attachment */
function picture(attachment) {
  const { width, height, placeholder } = attachment;
  const style = width ? { "aspect-ratio": `${width} / ${height}`, "--width": `${width}px` } : {};
  const shown = h("img", { alt: attachment.filename, decoding: "async" });
  const frame = h("button.picture", { type: "button", style, class: width ? "sized" : "", onclick: () => showPicture(attachment) }, shown);
  if (/^data:image\/webp;base64,[\w+/=]+$/.test(placeholder ?? "")) frame.style.setProperty("background-image", `url("${placeholder}")`);
  whenSeen(frame, async () => {
    const found = await tried(download(attachment.id, "medium"));
    if (found) shown.src = found.url;
  });
  shown.addEventListener("load", () => frame.classList.add("loaded"));
  return frame;
}

/** @param {any} attachment */
function showPicture(attachment) {
  const shown = h("img.whole", { alt: attachment.filename });
  void download(attachment.id).then(({ url }) => (shown.src = url));
  const save = h("button.plain", { type: "button", onclick: () => saveFile(attachment) }, icon("download"), t("file.save"));
  dialog(attachment.filename, () => [shown, h("div.buttons", null, save)], { wide: true });
}

/** @param {any} attachment */
function player(attachment) {
  const kind = attachment.contentType.split("/")[0];
  const shown = h(kind, { controls: true, preload: "metadata", "aria-label": attachment.filename });
  const load = async () => {
    const found = await tried(download(attachment.id));
    if (found) shown.src = found.url;
  };
  whenSeen(shown, load);
  return h(`div.player.${kind}`, null, shown, h("small", { dir: "auto" }, attachment.filename));
}

/** @param {any} attachment */
function fileCard(attachment) {
  const { filename, size } = attachment;
  return h("button.file", { type: "button", onclick: () => saveFile(attachment) }, h("span.file-icon", null, icon("file")), h("span.names", null, h("b", { dir: "auto" }, filename), h("small", null, sizeOf(size))), icon("download"));
}

/** @param {any} attachment */
async function saveFile(attachment) {
  const found = await tried(download(attachment.id));
  if (found) h("a", { href: found.url, download: found.filename, rel: "noopener", target: "_blank" }).click();
}

/** Calls once when the element comes near to what is seen. @param {Element} element @param {() => void} load */
function whenSeen(element, load) {
  const observer = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      observer.disconnect();
      load();
    },
    { rootMargin: "300px" },
  );
  observer.observe(element);
}

/**
 * Files that are being sent.
 *
 * @param {any[]} files
 * @param {() => number} progress from 0 to 1
 */
export function sendingFiles(files, progress) {
  return files.map((file) => {
    const address = /^image\//.test(file.type) && file instanceof Blob ? URL.createObjectURL(file) : null;
    const free = () => address && URL.revokeObjectURL(address);
    const bar = h("progress", { max: 1, value: progress, "aria-label": t("file.sending") });
    if (address) return h("div.pictures", null, h("div.picture.loaded", null, h("img", { src: address, alt: file.name, onload: free, onerror: free }), bar));
    return h("div.file", null, h("span.file-icon", null, icon("file")), h("span.names", null, h("b", { dir: "auto" }, file.name), h("small", null, sizeOf(file.size)), bar));
  });
}
