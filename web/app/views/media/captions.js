/** What is said of a file before it is sent. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { field, form } from "../../parts/fields.js";
import { dialog } from "../../parts/layers.js";

const MOST_CHARACTERS = 1000;

/**
 * Asks for the caption of a file.
 *
 * @param {File} file
 * @param {WeakMap<File, string>} captions
 * @param {() => void} changed
 */
export function describe(file, captions, changed) {
  const address = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
  const shown = address && h("img.whole", { src: address, alt: file.name });
  dialog(
    t("caption.of", { name: file.name }),
    (close) => {
      const said = field({ label: t("caption"), name: "caption", input: { maxlength: MOST_CHARACTERS, value: captions.get(file) ?? "", dir: "auto", autofocus: true } });
      const keep = async (/** @type {Record<string, string>} */ { caption }) => {
        if (caption.trim()) captions.set(file, caption.trim());
        else captions.delete(file);
        close();
        changed();
      };
      return [shown, form([said], t("save"), keep)];
    },
    { closed: () => address && URL.revokeObjectURL(address) },
  );
}
