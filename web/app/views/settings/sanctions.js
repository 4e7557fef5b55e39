/** The user's warnings, mutes and bans, and appeals against them. */

import { first, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { empty, form } from "../../parts/fields.js";
import { dialog, notice } from "../../parts/layers.js";
import { plea } from "../entrance/entrance.js";
import { loaded } from "./loaded.js";

const MOST = 200;

/** @typedef {import("../../../sdk/types/api.js").Sanction} Sanction */

export function sanctions() {
  return loaded(() => first(self().account.sanctions(), MOST), (all, again) => (all.length ? all.map((one) => row(one, again)) : empty("check", t("sanctions.none"))));
}

/** @param {Sanction} one @param {() => void} again */
function row(one, again) {
  const isOpen = !one.appeal && !one.liftedAt && (one.kind === "warning" || one.isInForce);
  return h(
    "div.field.sanction",
    null,
    h("h3", null, t(`sanction.${one.kind}`)),
    h("p", { dir: "auto" }, one.reason),
    h("small.hint", null, [momentOf(one.createdAt), stateOf(one), one.appeal && t(`appeal.${one.appeal.decision ?? "waits"}`)].filter(Boolean).join(" · ")),
    isOpen && h("div.buttons", null, h("button.plain", { type: "button", onclick: () => appeal(one, again) }, t("appeal"))),
  );
}

/** @param {Sanction} one */
function stateOf({ kind, until, liftedAt, isInForce }) {
  if (liftedAt) return t("sanction.lifted");
  if (kind === "warning") return "";
  if (!isInForce) return t("sanction.over");
  return until ? t("sanction.until", { time: momentOf(until) }) : t("sanction.forever");
}

/** @param {Sanction} one @param {() => void} again */
function appeal({ id }, again) {
  dialog(t("appeal"), (close) => [
    h("p.hint", null, t("appeal.hint")),
    form([plea()], t("appeal.send"), async ({ comment }) => {
      await self().account.appeal(id, comment.trim());
      close();
      notice(t("appeal.sent"));
      again();
    }),
  ]);
}
