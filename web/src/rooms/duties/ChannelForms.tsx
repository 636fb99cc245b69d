import { Button, Input, InputNumber, Modal, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { asProblem } from "../../api/problem";
import type { Channel } from "../../api/types";
import { FieldWrong, Loading, NotSaved, isAbout } from "../../kit/States";
import { useCallbackToken, useChannelAdd, useChannelChange, useChannelKinds, useContactSet, useEndpointAllow, usePersons } from "./channelQueries";

/** An address outside the allow-list is refused; who may, allows it with one more click that stands in the ledger. */
function Allow({ error, done }: { error: unknown; done: () => void }): ReactNode {
  const allow = useEndpointAllow();
  const { code, facts } = asProblem(error);
  if (code !== "address.not_listed" || facts.scheme === undefined || facts.host === undefined) return null;
  const wanted = { scheme: facts.scheme, host: facts.host };
  return (
    <p>
      <Button loading={allow.isPending} onClick={() => allow.mutate(wanted, { onSuccess: done })}>
        {t("channels.allow", wanted)}
      </Button>
      <NotSaved error={allow.error} />
    </p>
  );
}

export function ChannelDialog({ channel, close, made }: { channel?: Channel; close: () => void; made?: (id: number) => void }): ReactNode {
  const kinds = useChannelKinds().data;
  const add = useChannelAdd();
  const change = useChannelChange();
  const [kind, setKind] = useState(channel?.kind ?? "operator_sms");
  const [title, setTitle] = useState(channel?.title ?? "");
  const [rate, setRate] = useState(channel?.per_minute ?? 0);
  const [values, setValues] = useState<Record<string, string>>(channel?.settings ?? {});
  const chosen = kinds?.find((one) => one.kind === kind);
  const saving = channel ? change : add;
  const save = (): void => {
    const names = new Set(chosen?.settings.map((one) => one.name));
    const settings = Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
    if (channel) change.mutate({ id: channel.id, body: { settings, per_minute: rate } }, { onSuccess: close });
    else
      add.mutate({ title, kind, settings, per_minute: rate, enabled: true }, {
        onSuccess: (row) => {
          made?.(row.id);
          close();
        },
      });
  };
  const wrong = (name: string): boolean => isAbout(saving.error, [name]);
  const fields = ["kind", "title", "per_minute", ...(chosen?.settings.map((one) => `settings.${one.name}`) ?? [])];
  /** What was said of the old text is not said of the new one. */
  const edited = (): void => {
    if (saving.error) saving.reset();
  };
  const optional = chosen?.settings.filter((one) => !one.required) ?? [];
  const field = (one: (typeof optional)[number]): ReactNode => (
    <div key={one.name}>
      <label htmlFor={`ch-${one.name}`}>{one.required ? one.label : t("channels.optional", { label: one.label })}</label>
      <Input
        id={`ch-${one.name}`}
        type={one.secret ? "password" : "text"}
        autoComplete="off"
        placeholder={channel?.secrets.includes(one.name) ? t("channels.secretKept") : one.hint}
        value={values[one.name] ?? ""}
        status={wrong(`settings.${one.name}`) ? "error" : ""}
        aria-invalid={wrong(`settings.${one.name}`)}
        aria-describedby={`ch-${one.name}-wrong`}
        onChange={(event) => {
          edited();
          setValues({ ...values, [one.name]: event.target.value });
        }}
      />
      <FieldWrong error={saving.error} field={`settings.${one.name}`} id={`ch-${one.name}-wrong`} />
      {one.name === "url" && <Allow error={saving.error} done={save} />}
    </div>
  );
  return (
    <Modal open title={channel?.title ?? t("channels.add")} okText={t("channels.save")} cancelText={t("act.back")} confirmLoading={saving.isPending} onOk={save} onCancel={close}>
      {!chosen ? (
        <Loading what={t("nav.channels")} />
      ) : (
        <div className="chform">
          {!channel && (
            <>
              <label htmlFor="ch-kind">{t("channels.kind")}</label>
              <Select id="ch-kind" value={kind} onChange={setKind} options={kinds?.map((one) => ({ value: one.kind, label: one.title }))} />
              <FieldWrong error={saving.error} field="kind" id="ch-kind-wrong" />
              <label htmlFor="ch-title">{t("channels.title")}</label>
              <Input id="ch-title" value={title} maxLength={60} aria-invalid={wrong("title")} aria-describedby="ch-title-wrong" onChange={(event) => setTitle(event.target.value)} />
              <FieldWrong error={saving.error} field="title" id="ch-title-wrong" />
            </>
          )}
          {chosen.settings.filter((one) => one.required).map(field)}
          {optional.length > 0 && (
            <details className="chmore" open={optional.some((one) => wrong(`settings.${one.name}`) || (values[one.name] ?? "") !== "" || channel?.secrets.includes(one.name))}>
              <summary>{t("channels.more", { n: optional.length })}</summary>
              {optional.map(field)}
            </details>
          )}
          <label htmlFor="ch-rate">{t("channels.rate.label")}</label>
          <InputNumber id="ch-rate" min={0} max={100000} value={rate} onChange={(value) => setRate(value ?? 0)} />
          <FieldWrong error={saving.error} field="per_minute" id="ch-rate-wrong" />
        </div>
      )}
      {!isAbout(saving.error, fields) && <NotSaved error={saving.error} />}
    </Modal>
  );
}

export function ContactDialog({ channel, close }: { channel: Channel; close: () => void }): ReactNode {
  const [q, setQ] = useState("");
  const [person, setPerson] = useState<number>();
  const [address, setAddress] = useState("");
  const label = useChannelKinds().data?.find((one) => one.kind === channel.kind)?.address_label;
  const found = usePersons(q).data?.items ?? [];
  const set = useContactSet();
  const save = (): void => {
    if (person !== undefined) set.mutate({ person, title: channel.title, channel: channel.id, address, url: "", enabled: true }, { onSuccess: close });
  };
  return (
    <Modal open title={t("channels.addContact.to", { title: channel.title })} okText={t("channels.addContact")} cancelText={t("act.back")} confirmLoading={set.isPending} okButtonProps={{ disabled: person === undefined }} onOk={save} onCancel={close}>
      <div className="chform">
        <label htmlFor="ct-person">{t("channels.person")}</label>
        <Select id="ct-person" showSearch filterOption={false} value={person} onSearch={setQ} onChange={setPerson} options={found.map((one) => ({ value: one.id, label: one.name }))} />
        <label htmlFor="ct-address">{label}</label>
        <Input id="ct-address" value={address} maxLength={200} aria-invalid={isAbout(set.error, ["address"])} aria-describedby="ct-address-wrong" onChange={(event) => setAddress(event.target.value)} />
        <FieldWrong error={set.error} field="address" id="ct-address-wrong" />
      </div>
      {!isAbout(set.error, ["address"]) && <NotSaved error={set.error} />}
    </Modal>
  );
}

/** The token is shown once: whoever closes this makes a new one when it was not copied. */
export function TokenDialog({ channel, close }: { channel: Channel; close: () => void }): ReactNode {
  const make = useCallbackToken();
  return (
    <Modal open title={t("channels.newToken")} okText={make.data ? t("channels.copied") : t("channels.newToken")} cancelText={t("act.back")} confirmLoading={make.isPending} onOk={() => (make.data ? close() : make.mutate(channel.id))} onCancel={close}>
      {make.data ? (
        <>
          <p>{t("channels.token.shown")}</p>
          <Input.TextArea readOnly rows={3} value={`${window.location.origin}${make.data.path}`} aria-label={t("channels.callback")} />
        </>
      ) : (
        <p>{channel.callback_set ? t("channels.token.ends") : t("channels.token.words")}</p>
      )}
      <NotSaved error={make.error} />
    </Modal>
  );
}
