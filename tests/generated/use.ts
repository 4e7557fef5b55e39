// What a client would write: it compiles only where events are told apart by their type.
import type { Admission, Event } from "./orval.js";
import type { components, paths } from "./openapi-typescript.js";

type OtherEvent = components["schemas"]["Event"];
type Registered = paths["/auth/register"]["post"]["responses"]["201"]["content"]["application/json"];

export function said(event: Event): string | null {
  return event.type === "message:new" ? event.data.content : null;
}

export function saidToo(event: OtherEvent): string | null {
  return event.type === "message:new" ? event.data.content : null;
}

export function isAway(admission: Admission, registered: Registered): boolean {
  return admission.user.status === "away" && registered.user.status === "away";
}

// @ts-expect-error A status that nobody can have is refused.
export const status: Registered["user"]["status"] = "gone";
