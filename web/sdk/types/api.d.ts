// The names by which the library knows the types of the service's documents.
import type { components } from "./openapi.js";

type Schemas = components["schemas"];

export type Admission = Schemas["Admission"];
export type Attachment = Schemas["Attachment"];
export type Block = Schemas["Block"];
export type Chat = Schemas["Chat"];
export type ChatChange = Schemas["ChatChange"];
export type ChatPreview = Schemas["ChatPreview"];
export type ChosenStatus = Schemas["ChosenStatus"];
export type Contact = Schemas["Contact"];
export type Credentials = Schemas["Credentials"];
export type Download = Schemas["Download"];
export type Edit = Schemas["Edit"];
export type Event = Schemas["Event"];
export type FieldError = Schemas["FieldError"];
export type Invite = Schemas["Invite"];
export type InviteInput = Schemas["InviteInput"];
export type Message = Schemas["Message"];
export type NewInvite = Schemas["NewInvite"];
export type Participant = Schemas["Participant"];
export type PollAnswer = Schemas["PollAnswer"];
export type Privacy = Schemas["Privacy"];
export type PrivacyChange = Schemas["PrivacyChange"];
export type Problem = Schemas["ProblemBody"];
export type ProfileChange = Schemas["ProfileChange"];
export type Receipt = Schemas["Receipt"];
export type Registration = Schemas["Registration"];
export type ScheduledMessage = Schemas["ScheduledMessage"];
export type SessionInfo = Schemas["Session"];
export type StorageUsage = Schemas["StorageUsage"];
export type Thread = Schemas["Thread"];
export type Unread = Schemas["Unread"];
export type User = Schemas["User"];
export type UserPresence = Schemas["UserPresence"];
export type Watermarks = Schemas["Watermarks"];
