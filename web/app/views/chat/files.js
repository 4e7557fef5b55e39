/** Attached pictures, videos, sounds and files. Their addresses live for minutes, and are asked for when they are seen. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { sizeOf, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { later } from "../../parts/later.js";
import { tried } from "../../parts/layers.js";

const MARGIN_MILLISECONDS = 30_000;
/** @type {Map<string, Promise<any>>} */
const asked = new Map();
/** What shows and makes everything but pictures. */
export const media = async () => (await import("../media/media.js")).media();

/**
 * @param {number} id of an upload
 * @param {"medium"} [size] of a picture, if not the picture itself
 * @returns {Promise<any>} with an address that still works for some time
 */
export async function download(id, size) {
  const key = `${id} ${size}`;
  const known = await asked.get(key)?.catch(() => null);
  if (known && Date.parse(known.expiresAt) - Date.now() > MARGIN_MILLISECONDS) return known;
  const asking = self().uploads.download(id, size);
  asked.set(key, asking);
  return asking;
}

/** @param {any} chat @param {any} message that is stored @param {any[]} attachments its files */
export function attachmentsOf(chat, message, attachments) {
  const pictures = attachments.filter(isPicture);
  const others = attachments.filter((one) => !isPicture(one));
  return [
    pictures.length > 0 && h("div.pictures", { class: pictures.length > 1 ? "many" : "" }, pictures.map((one) => h("div", null, picture(one), pictures.length > 1 && captionOf(one)))),
    pictures.length === 1 && captionOf(pictures[0]),
    others.map((one) => [later("div.attached", async () => (await media()).attached, chat, message, one), captionOf(one)]),
  ];
}

/** @param {any} file what is said of it */
const captionOf = ({ caption }) => caption && h("p.text.caption", null, caption);

/** @param {any} attachment */
const isPicture = ({ contentType, state }) => state !== "quarantined" && /^image\/(png|jpeg|gif|webp|avif)$/.test(contentType);

/** @param {any} attachment */
function picture(attachment) {
  const { width, height, placeholder } = attachment;
  const style = width ? { "aspect-ratio": `${width} / ${height}`, "--width": `${width}px` } : {};
  const shown = h("img", { alt: attachment.filename, decoding: "async" });
  const frame = h("button.picture", { type: "button", style, class: width ? "sized" : "", onclick: async () => (await media()).showPicture(attachment) }, shown);
  if (/^data:image\/webp;base64,[\w+/=]+$/.test(placeholder ?? "")) frame.style.setProperty("background-image", `url("${placeholder}")`);
  whenSeen(frame, async () => {
    const found = await tried(download(attachment.id, "medium"));
    if (found) shown.src = found.url;
  });
  shown.addEventListener("load", () => frame.classList.add("loaded"));
  return frame;
}

/** Calls once when the element comes near to what is seen. @param {Element} element @param {() => void} load */
export function whenSeen(element, load) {
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
 * @param {any[]} details what is said of each
 * @param {() => number} progress from 0 to 1
 */
export function sendingFiles(files, details, progress) {
  return files.map((file, place) => {
    const address = /^image\//.test(file.type) && file instanceof Blob ? URL.createObjectURL(file) : null;
    const free = () => address && URL.revokeObjectURL(address);
    const bar = h("progress", { max: 1, value: progress, "aria-label": t("file.sending") });
    const caption = captionOf(details[place] ?? {});
    if (address) return [h("div.pictures", null, h("div.picture.loaded", null, h("img", { src: address, alt: file.name, onload: free, onerror: free }), bar)), caption];
    return [h("div.file", null, h("span.file-icon", null, icon("file")), h("span.names", null, h("b", { dir: "auto" }, file.name), h("small", null, sizeOf(file.size)), bar)), caption];
  });
}
