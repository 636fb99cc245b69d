import type { components } from "./schema";

/** Short names for the generated shapes; a renamed schema of the server changes only this file. */
type S = components["schemas"];
export type Me = S["Me"];
export type Hello = S["Hello"];
export type Status = S["StatusOut"];
export type Warning = S["Warning"];
export type WarningDetail = S["WarningDetail"];
export type WarningBrief = S["WarningBrief"];
export type Threshold = S["Threshold"];
export type LevelEvent = S["LevelEvent"];
export type Action = S["Action"];
export type Limit = S["Clock"];
export type ChainRow = S["ChainRow"];
export type TimelineRow = S["TimelineRow"];
export type Duty = S["Duty"];
export type DutyDetail = S["DutyDetail"];
export type Roster = S["RosterOut"];
export type RosterRow = S["RosterRow"];
export type Point = S["Point"];
export type PointDetail = S["PointDetail"];
export type PointRule = S["PointRule"];
export type Reading = S["Reading"];
export type Gap = S["Gap"];
export type LedgerEntry = S["EntryOut"];
export type LedgerHead = S["HeadOut"];
export type Proposal = S["ProposalOut"];
