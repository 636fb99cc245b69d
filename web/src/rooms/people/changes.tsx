import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { Problem } from "../../api/problem";
import { NotSaved } from "../../kit/States";
import { serverNow, useNow } from "../../time/server";
import { monthDay, shortTime } from "../../time/words";
import { Dialog, Field, lacking, PickOrganisation, PickTerritory } from "./Dialog";
import { placedBy } from "./placed";
import { useChange, type Account, type CalendarRow, type CalendarShift, type Leave, type PersonRow } from "./queries";
import "./people.css";

type Done = { close: () => void };
export const roles = ["leader", "duty_officer", "inspector", "township", "department", "principal", "safety_officer", "rescue_lead", "auditor", "administrator"] as const;
export const siteKinds = ["tailings_pond", "underground_mine", "open_pit", "dump", "plant", "dust_gas", "boiler", "fuel_station", "geohazard", "forest", "other"] as const;

/** Which sectors a department answers for: asked for that role alone. */
export function Sectors({ role, value, set }: { role: string; value: string[]; set: (kinds: string[]) => void }): ReactNode {
  if (role !== "department") return null;
  return (
    <Field label={t("people.account.sectors")} note={t("people.account.sectors.note")}>
      <Select mode="multiple" value={value} aria-label={t("people.account.sectors")} placeholder={t("form.pick")} onChange={set} options={siteKinds.map((kind) => ({ value: kind, label: t(`site.kind.${kind}`) }))} />
    </Field>
  );
}

/** The shifts this one can be exchanged with: of another person, not begun. */
export function swappable(rows: readonly CalendarRow[], shift: CalendarShift, now: number): { id: number; words: string }[] {
  return rows.flatMap((row) =>
    row.shifts
      .filter((one) => one.id !== shift.id && one.person.id !== shift.person.id && one.signed_in_at === null && Date.parse(one.starts_at) > now)
      .map((one) => ({ id: one.id, words: `${monthDay(one.starts_at)} ${shortTime(one.starts_at)}\u2013${shortTime(one.ends_at)} ${one.person.name} ${row.organisation.name}${row.post.name}` })),
  );
}

/** 换班: two persons exchange two shifts that have not begun. */
export function SwapForm({ shift, rows, about, close }: Done & { shift: CalendarShift; rows: readonly CalendarRow[]; about: string }): ReactNode {
  const now = useNow();
  const [other, setOther] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/roster/shifts/{id}/swap", { params: { path: { id: shift.id } }, body: { other: other ?? 0, reason: reason.trim() } })));
  const options = swappable(rows, shift, now);
  return (
    <Dialog title={t("roster.swap.title")} verb={t("roster.swap")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("roster.swap.with"), other !== null], [t("form.reason"), reason.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <p className="second">{about}</p>
      <Field label={t("roster.swap.with")} note={options.length === 0 ? t("roster.swap.none") : undefined}>
        <Select value={other} aria-label={t("roster.swap.with")} placeholder={t("form.pick")} onChange={setOther} options={options.map((one) => ({ value: one.id, label: one.words }))} />
      </Field>
      <Field label={t("form.reason")}>
        <Input value={reason} maxLength={400} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}

/** Name, number and organisation of a person; the number is shown masked, so an empty field leaves it as it is. */
export function PersonChange({ person, close }: Done & { person: PersonRow }): ReactNode {
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [email, setEmail] = useState("");
  const [body, setBody] = useState<number | null>(person.organisation?.id ?? null);
  const told = (value: string): string | null => (value.trim() === "" ? null : value.trim());
  const change = useChange(() => got(api.PATCH("/api/v1/persons/{id}", { params: { path: { id: person.id } }, body: { name: told(name), phone: told(phone), email: told(email), organisation: body } })));
  const can = told(name) !== null || told(phone) !== null || told(email) !== null || body !== (person.organisation?.id ?? null);
  return (
    <Dialog title={t("people.person.change", { name: person.name })} verb={t("people.save")} busy={change.isPending} error={change.error} close={close} can={can} send={() => change.mutate(undefined, { onSuccess: close })}>
      <p className="second">{t("people.change.empty")}</p>
      <Field label={t("people.name")}>
        <Input value={name} maxLength={60} placeholder={person.name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("people.phone")} note={t("people.phone.note")}>
        <Input value={phone} maxLength={30} inputMode="tel" placeholder={person.phone} onChange={(event) => setPhone(event.target.value)} />
      </Field>
      <Field label={t("people.email")}>
        <Input value={email} maxLength={120} inputMode="email" placeholder={person.email} onChange={(event) => setEmail(event.target.value)} />
      </Field>
      <PickOrganisation label={t("people.organisation")} value={body} set={setBody} known={person.organisation && { value: person.organisation.id, label: person.organisation.name }} />
    </Dialog>
  );
}

/** The leave that runs now; one that has not begun is not ended by coming back. */
export function running(rows: readonly Leave[], person: number, now: number): Leave | undefined {
  return rows.find((row) => row.person.id === person && Date.parse(row.valid_from) <= now && Date.parse(row.valid_to) > now);
}

/** 提前回岗: whoever is away is back now; calls reach them again. */
export function BackButton({ person }: { person: PersonRow }): ReactNode {
  const end = useChange(async () => {
    const rows = (await got(api.GET("/api/v1/leaves", { params: { query: { person: person.id, limit: 50 } } }))).items;
    const mine = running(rows, person.id, serverNow());
    if (!mine) throw new Problem(404, t("people.back.none", { name: person.name }));
    await got(api.POST("/api/v1/leaves/{id}/end", { params: { path: { id: mine.id } }, body: { at: null } }));
  });
  const [sure, setSure] = useState(false);
  return (
    <>
      <Button size="small" type="text" loading={end.isPending} onClick={() => (sure ? end.mutate(undefined, { onSuccess: () => setSure(false) }) : setSure(true))}>
        {sure ? t("people.back.sure") : t("people.back")}
      </Button>
      <NotSaved error={end.error} />
    </>
  );
}

/** What to send as sectors: they are a department's and end with that role; of another kept role they stay as they are (null). */
export function sectorsToSend(was: Pick<Account, "role">, role: string, chosen: string[]): string[] | null {
  if (role === "department") return chosen;
  return role === was.role ? null : [];
}

/** Role, place and sectors of an account; they hold from the next request on. */
export function AccountChange({ account, close }: Done & { account: Account }): ReactNode {
  const [display, setDisplay] = useState(account.display);
  const [role, setRole] = useState(account.role);
  const [organisation, setOrganisation] = useState<number | null>(null);
  const [territory, setTerritory] = useState<number | null>(null);
  const [sectors, setSectors] = useState(account.sectors);
  const change = useChange(() => got(api.PATCH("/api/v1/users/{id}", { params: { path: { id: account.id } }, body: { display: display.trim(), role, organisation, territory, sectors: sectorsToSend(account, role, sectors) } })));
  // A field left empty leaves what the account has.
  const has = { organisation: organisation !== null || account.organisation !== null, territory: territory !== null || account.territory !== null, sectors: sectors.length > 0 };
  const lacks = lacking([[t("people.account.display"), display.trim() !== ""], ...placedBy(role, has)]);
  return (
    <Dialog title={t("people.account.change", { name: account.username })} verb={t("people.save")} busy={change.isPending} error={change.error} close={close} lacks={lacks} send={() => change.mutate(undefined, { onSuccess: close })}>
      <p className="second">{[account.organisation, account.territory].filter(Boolean).join(" ")} {t("people.change.empty")}</p>
      <Field label={t("people.account.display")}>
        <Input value={display} maxLength={60} onChange={(event) => setDisplay(event.target.value)} />
      </Field>
      <Field label={t("people.account.role")}>
        <Select value={role} aria-label={t("people.account.role")} onChange={setRole} options={roles.map((one) => ({ value: one, label: t(`role.${one}`) }))} />
      </Field>
      <PickOrganisation label={t("people.organisation")} value={organisation} set={setOrganisation} />
      <PickTerritory label={t("people.territory")} value={territory} set={setTerritory} />
      <Sectors role={role} value={sectors} set={setSectors} />
    </Dialog>
  );
}

/** 改归属: a site goes to another township or enterprise; whose it was stays on record. */
export function SiteMoveForm({ site, name, close }: Done & { site: number; name: string }): ReactNode {
  const [organisation, setOrganisation] = useState<number | null>(null);
  const [territory, setTerritory] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/sites/{id}/move", { params: { path: { id: site } }, body: { organisation, territory, reason: reason.trim() } })));
  return (
    <Dialog title={t("site.move.title", { name })} verb={t("site.move")} busy={change.isPending} error={change.error} close={close} lacks={lacking([[t("site.move.to"), organisation !== null || territory !== null], [t("form.reason"), reason.trim() !== ""]])} send={() => change.mutate(undefined, { onSuccess: close })}>
      <p className="second">{t("site.move.note")}</p>
      <PickTerritory label={t("people.territory")} value={territory} set={setTerritory} />
      <PickOrganisation label={t("people.organisation")} value={organisation} set={setOrganisation} />
      <Field label={t("form.reason")}>
        <Input value={reason} maxLength={400} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}
