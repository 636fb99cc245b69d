import { Input, InputNumber, Select, Switch } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { serverNow } from "../../time/server";
import { Dialog, Field, lacking, PickOrganisation, PickPerson, PickPersons, PickPost, PickTerritory } from "./Dialog";
import { roles, Sectors } from "./changes";
import { placedBy } from "./placed";
import { useChange, type Organisation } from "./queries";
import { fieldTime, momentOf } from "./times";

type Done = { close: () => void };
const kinds = ["territorial", "sector", "overall", "enterprise", "linked", "rescue"] as const;
const rungs = [1, 2, 3, 4, 5, 6, 7] as const;
const usual: Record<string, number> = { territorial: 3, sector: 6, overall: 4, enterprise: 1, linked: 5, rescue: 7 };

export interface Scope {
  site?: number | null;
  organisation?: number | null;
  territory?: number | null;
  kind?: string;
  rung?: number;
  post?: number;
  about?: string;
}

/** A post answers for a site, an organisation's sites, or a territory's. */
export function AssignForm({ scope, close }: Done & { scope: Scope }): ReactNode {
  const [post, setPost] = useState<number | null>(scope.post ?? null);
  const [kind, setKind] = useState(scope.kind ?? "territorial");
  const [rung, setRung] = useState(scope.rung ?? usual[scope.kind ?? "territorial"] ?? 6);
  const [territory, setTerritory] = useState<number | null>(scope.territory ?? null);
  const [organisation, setOrganisation] = useState<number | null>(scope.organisation ?? null);
  const fixed = scope.site !== undefined && scope.site !== null;
  const change = useChange(() =>
    got(api.POST("/api/v1/responsibilities", { body: { post: post ?? 0, kind, rung, site: scope.site ?? null, territory, organisation, sectors: [], matters: [] } })),
  );
  return (
    <Dialog title={t("people.assign.title")} verb={t("people.assign")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.post"), post !== null], [t("people.scope"), fixed || territory !== null || organisation !== null]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      {scope.about !== undefined && <p className="second">{scope.about}</p>}
      <PickPost label={t("people.post")} value={post} set={setPost} />
      <Field label={t("people.kind")}>
        <Select value={kind} aria-label={t("people.kind")} onChange={(k) => { setKind(k); setRung(usual[k] ?? 6); }} options={kinds.map((k) => ({ value: k, label: t(`people.kind.${k}`) }))} />
      </Field>
      <Field label={t("people.rung")} note={t("people.rung.note")}>
        <Select value={rung} aria-label={t("people.rung")} onChange={setRung} options={rungs.map((r) => ({ value: r, label: t(`people.rung.${r}`) }))} />
      </Field>
      {!fixed && <PickTerritory label={t("people.scope.territory")} value={territory} set={setTerritory} />}
      {!fixed && <PickOrganisation label={t("people.scope.organisation")} value={organisation} set={setOrganisation} />}
    </Dialog>
  );
}

/** Somebody takes a post, as its first holder or as the second (副手). */
export function HoldForm({ post, rank = 0, about, close }: Done & { post: number; rank?: number; about?: string }): ReactNode {
  const [person, setPerson] = useState<number | null>(null);
  const change = useChange(() => got(api.POST("/api/v1/posts/{id}/holdings", { params: { path: { id: post } }, body: { person: person ?? 0, rank } })));
  return (
    <Dialog title={rank > 0 ? t("people.second.title") : t("people.hold.title")} verb={t("people.hold")} busy={change.isPending} error={change.error} close={close} can={person !== null} send={() => change.mutate(undefined, { onSuccess: close })}>
      {about !== undefined && <p className="second">{about}</p>}
      <PickPerson label={t("people.person")} value={person} set={setPerson} post={post} />
    </Dialog>
  );
}

/** Ends a record with a reason; what was before stays. */
export function ReasonForm({ title, verb, send, close, about }: Done & { title: string; verb: string; about?: string | undefined; send: (reason: string) => Promise<unknown> }): ReactNode {
  const [reason, setReason] = useState("");
  const change = useChange(() => send(reason));
  return (
    <Dialog title={title} verb={verb} busy={change.isPending} error={change.error} close={close} can={reason.trim() !== ""} send={() => change.mutate(undefined, { onSuccess: close })}>
      {about !== undefined && <p className="second">{about}</p>}
      <Field label={t("form.reason")}>
        <Input.TextArea rows={2} value={reason} onChange={(e) => setReason(e.target.value)} />
      </Field>
    </Dialog>
  );
}

/** Several persons take turns on a post, shift after shift. */
export function SeriesForm({ post: given, first: from, close }: Done & { post?: number; first?: string | undefined }): ReactNode {
  const [post, setPost] = useState<number | null>(given ?? null);
  const [persons, setPersons] = useState<number[]>([]);
  const [first, setFirst] = useState(() => fieldTime(from ?? serverNow()));
  const [hours, setHours] = useState(12);
  const [count, setCount] = useState(14);
  const [said, setSaid] = useState<string[]>([]);
  const change = useChange(() => got(api.POST("/api/v1/roster/series", { body: { post: post ?? 0, persons, first: momentOf(first) ?? "", hours, count } })));
  return (
    <Dialog title={t("roster.series.title")} verb={said.length > 0 ? t("people.seen") : t("roster.series")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.post"), post !== null], [t("roster.turns"), persons.length > 0], [t("roster.first"), first !== ""]])} send={() => (said.length > 0 ? close() : change.mutate(undefined, { onSuccess: (made) => (made.warnings.length > 0 ? setSaid(made.warnings) : close()) }))}>
      <PickPost label={t("people.post")} value={post} set={setPost} onShift />
      <PickPersons label={t("roster.turns")} value={persons} set={setPersons} post={post} />
      <div className="prow">
        <Field label={t("roster.first")}>
          <Input type="datetime-local" value={first} onChange={(e) => setFirst(e.target.value)} />
        </Field>
        <Field label={t("roster.hours")}>
          <InputNumber min={1} max={48} value={hours} onChange={(n) => setHours(n ?? 12)} />
        </Field>
        <Field label={t("roster.count")}>
          <InputNumber min={1} max={400} value={count} onChange={(n) => setCount(n ?? 1)} />
        </Field>
      </div>
      {said.map((line) => (
        <p key={line} className="notsaved">{line}</p>
      ))}
    </Dialog>
  );
}

/** Another person takes a shift, or the rest of it. */
export function ReplaceForm({ shift, post, about, close }: Done & { shift: number; post?: number | undefined; about?: string | undefined }): ReactNode {
  const [person, setPerson] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState<string[]>([]);
  const change = useChange(() => got(api.POST("/api/v1/roster/shifts/{id}/replace", { params: { path: { id: shift } }, body: { person: person ?? 0, reason } })));
  return (
    <Dialog title={t("roster.replace.title")} verb={said.length > 0 ? t("people.seen") : t("roster.replace")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.person"), person !== null], [t("form.reason"), reason.trim() !== ""]])} send={() => (said.length > 0 ? close() : change.mutate(undefined, { onSuccess: (made) => (made.warnings.length > 0 ? setSaid(made.warnings) : close()) }))}>
      {about !== undefined && <p className="second">{about}</p>}
      <PickPerson label={t("people.person")} value={person} set={setPerson} post={post} />
      <Field label={t("form.reason")}>
        <Input value={reason} onChange={(e) => setReason(e.target.value)} />
      </Field>
      {said.map((line) => (
        <p key={line} className="notsaved">{line}</p>
      ))}
    </Dialog>
  );
}

/** Away from a time to a time; calls reach the deputy meanwhile. */
export function LeaveForm({ person: given, about, close }: Done & { person?: number; about?: string | undefined }): ReactNode {
  const [person, setPerson] = useState<number | null>(given ?? null);
  const [deputy, setDeputy] = useState<number | null>(null);
  const [reason, setReason] = useState("holiday");
  const [until, setUntil] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/leaves", { body: { person: person ?? 0, deputy, reason, until: momentOf(until) ?? "" } })));
  return (
    <Dialog title={t("people.leave.title")} verb={t("people.leave")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.person"), person !== null], [t("people.leave.until"), until !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      {about !== undefined && <p className="second">{about}</p>}
      {given === undefined && <PickPerson label={t("people.person")} value={person} set={setPerson} />}
      <Field label={t("form.reason")}>
        <Select value={reason} aria-label={t("form.reason")} onChange={setReason} options={(["holiday", "sick", "trip", "training", "other"] as const).map((r) => ({ value: r, label: t(`people.leave.${r}`) }))} />
      </Field>
      <Field label={t("people.leave.until")}>
        <Input type="datetime-local" value={until} onChange={(e) => setUntil(e.target.value)} />
      </Field>
      <PickPerson label={t("people.leave.deputy")} value={deputy} set={setDeputy} />
    </Dialog>
  );
}

export function PersonForm({ organisation, close }: Done & { organisation?: number }): ReactNode {
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [body, setBody] = useState<number | null>(organisation ?? null);
  const change = useChange(() => got(api.POST("/api/v1/persons", { body: { name, phone, email: "", organisation: body } })));
  return (
    <Dialog title={t("people.person.new")} verb={t("people.add")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.name"), name.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <Field label={t("people.name")}>
        <Input value={name} maxLength={60} onChange={(e) => setName(e.target.value)} />
      </Field>
      <Field label={t("people.phone")} note={t("people.phone.note")}>
        <Input value={phone} maxLength={30} inputMode="tel" onChange={(e) => setPhone(e.target.value)} />
      </Field>
      <PickOrganisation label={t("people.organisation")} value={body} set={setBody} />
    </Dialog>
  );
}

/** An account, so that a call reaches the application; whose, is asked where it is not given. */
export function AccountForm({ person: given, about, close }: Done & { person?: number; about?: string | undefined }): ReactNode {
  const [person, setPerson] = useState<number | null>(given ?? null);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  // Nobody's by default: the wrong role sees too much or is never called.
  const [role, setRole] = useState("");
  const [sectors, setSectors] = useState<string[]>([]);
  const [organisation, setOrganisation] = useState<number | null>(null);
  const [territory, setTerritory] = useState<number | null>(null);
  const change = useChange(() => got(api.POST("/api/v1/users", { body: { username: username.trim(), password, role, display: username.trim(), person, organisation, territory, sectors: role === "department" ? sectors : [] } })));
  return (
    <Dialog title={t("people.account.title")} verb={t("people.account")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.account.username"), username.trim() !== ""], [t("people.account.password"), password !== ""], [t("people.account.role"), role !== ""], ...placedBy(role, { organisation: organisation !== null, territory: territory !== null, sectors: sectors.length > 0 })])} send={() => change.mutate(undefined, { onSuccess: close })}>
      {about !== undefined && <p className="second">{about}</p>}
      {given === undefined && <PickPerson label={t("people.person")} value={person} set={setPerson} />}
      <Field label={t("people.account.username")}>
        <Input value={username} autoComplete="off" onChange={(e) => setUsername(e.target.value)} />
      </Field>
      <Field label={t("people.account.password")}>
        <Input.Password value={password} autoComplete="new-password" onChange={(e) => setPassword(e.target.value)} />
      </Field>
      <Field label={t("people.account.role")}>
        <Select value={role || undefined} placeholder={t("form.pick")} aria-label={t("people.account.role")} onChange={setRole} options={roles.map((r) => ({ value: r, label: t(`role.${r}`) }))} />
      </Field>
      <PickOrganisation label={t("people.organisation")} value={organisation} set={setOrganisation} />
      <PickTerritory label={t("people.territory")} value={territory} set={setTerritory} />
      <Sectors role={role} value={sectors} set={setSectors} />
    </Dialog>
  );
}

export function PostForm({ organisation, close }: Done & { organisation: number }): ReactNode {
  const [title, setTitle] = useState("");
  const [onShift, setOnShift] = useState(false);
  const change = useChange(() => got(api.POST("/api/v1/posts", { body: { organisation, title, kind: "", on_shift: onShift } })));
  return (
    <Dialog title={t("people.post.new")} verb={t("people.add")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.post.title"), title.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <Field label={t("people.post.title")}>
        <Input value={title} maxLength={80} onChange={(e) => setTitle(e.target.value)} />
      </Field>
      <Field label={t("people.post.onShift")} note={t("people.post.onShift.note")}>
        <Switch checked={onShift} onChange={setOnShift} />
      </Field>
    </Dialog>
  );
}

/** A new organisation, or (with `old`) other data of one. */
export function OrganisationForm({ territory: given, old, close }: Done & { territory: number | null; old?: Organisation }): ReactNode {
  const [name, setName] = useState(old?.name ?? "");
  const [kind, setKind] = useState(old?.kind ?? "enterprise");
  const [code, setCode] = useState(old?.code ?? "");
  const [territory, setTerritory] = useState<number | null>(old?.territory_id ?? given);
  const change = useChange(() => {
    const body = { name: name.trim(), kind, territory: territory ?? 0, code: code.trim() };
    return old ? got(api.PATCH("/api/v1/organisations/{id}", { params: { path: { id: old.id } }, body })) : got(api.POST("/api/v1/organisations", { body }));
  });
  const all = ["party", "government", "township", "enterprise", "rescue"] as const;
  return (
    <Dialog title={old ? t("people.organisation.change", { name: old.name }) : t("people.organisation.new")} verb={old ? t("people.save") : t("people.add")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.name"), name.trim() !== ""], [t("people.territory"), territory !== null]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <Field label={t("people.name")}>
        <Input value={name} maxLength={120} onChange={(e) => setName(e.target.value)} />
      </Field>
      <Field label={t("people.kind")}>
        <Select value={kind} aria-label={t("people.kind")} onChange={setKind} options={all.map((k) => ({ value: k, label: t(`people.body.${k}`) }))} />
      </Field>
      <Field label={t("people.organisation.code")}>
        <Input value={code} maxLength={40} onChange={(e) => setCode(e.target.value)} />
      </Field>
      <PickTerritory label={t("people.territory")} value={territory} set={setTerritory} />
    </Dialog>
  );
}

/** A new territory, or (with `id`) another name or parent for one. */
export function TerritoryForm({ id, name: old, parent: under, close }: Done & { id?: number; name?: string; parent: number | null }): ReactNode {
  const [name, setName] = useState(old ?? "");
  const [parent, setParent] = useState<number | null>(under);
  const change = useChange(() =>
    id === undefined
      ? got(api.POST("/api/v1/territories", { body: { name, parent, code: "" } }))
      : got(api.PATCH("/api/v1/territories/{id}", { params: { path: { id } }, body: { name, parent } })),
  );
  return (
    <Dialog title={id === undefined ? t("people.territory.new") : t("people.territory.change")} verb={id === undefined ? t("people.add") : t("people.save")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.name"), name.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <Field label={t("people.name")}>
        <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
      </Field>
      <PickTerritory label={t("people.territory.parent")} value={parent} set={setParent} />
    </Dialog>
  );
}

export function ObligationForm({ close }: Done): ReactNode {
  const [post, setPost] = useState<number | null>(null);
  const [kind, setKind] = useState("pledge");
  const [every, setEvery] = useState("year");
  const [title, setTitle] = useState("");
  const [source, setSource] = useState("");
  const [party, setParty] = useState("");
  const [text, setText] = useState("");
  const [day, setDay] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/obligations", { body: { post: post ?? 0, kind, title, source, every, first_due: day, text, party, lead_days: 15 } })));
  const turns = ["once", "month", "quarter", "half", "year"] as const;
  return (
    <Dialog title={t("obligation.new")} verb={t("people.add")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("people.post"), post !== null], [t("obligation.first"), day !== ""], [t("obligation.title"), title.trim() !== ""], [t("obligation.source"), source.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <PickPost label={t("people.post")} value={post} set={setPost} />
      <div className="prow">
        <Field label={t("people.kind")}>
          <Select value={kind} aria-label={t("people.kind")} onChange={setKind} options={(["pledge", "list"] as const).map((k) => ({ value: k, label: t(`obligation.${k}`) }))} />
        </Field>
        <Field label={t("obligation.every")}>
          <Select value={every} aria-label={t("obligation.every")} onChange={setEvery} options={turns.map((k) => ({ value: k, label: t(`obligation.every.${k}`) }))} />
        </Field>
        <Field label={t("obligation.first")}>
          <Input type="date" value={day} onChange={(e) => setDay(e.target.value)} />
        </Field>
      </div>
      <Field label={t("obligation.title")}>
        <Input value={title} maxLength={120} onChange={(e) => setTitle(e.target.value)} />
      </Field>
      <Field label={t("obligation.source")} note={t("obligation.source.note")}>
        <Input value={source} maxLength={200} onChange={(e) => setSource(e.target.value)} />
      </Field>
      {kind === "pledge" && (
        <Field label={t("obligation.party")}>
          <Input value={party} maxLength={120} onChange={(e) => setParty(e.target.value)} />
        </Field>
      )}
      <Field label={t("obligation.text")}>
        <Input.TextArea rows={3} value={text} onChange={(e) => setText(e.target.value)} />
      </Field>
    </Dialog>
  );
}
