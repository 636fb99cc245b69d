import { Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Field } from "../people/Dialog";
import { usePosts } from "../people/queries";

/** Several posts, each named with its organisation; who was picked stays named while another is sought. */
export function PickPosts({ label, note, value, set }: { label: string; note?: string; value: number[]; set: (ids: number[]) => void }): ReactNode {
  const [q, find] = useState("");
  const [known, setKnown] = useState<Record<number, string>>({});
  const list = usePosts(q ? { q } : {});
  const found = (list.data?.items ?? []).map((post) => ({ value: post.id, label: `${post.organisation.name} ${post.title}${post.person ? "" : ` ${t("order.nobody")}`}` }));
  const options = [...found, ...value.filter((id) => !found.some((one) => one.value === id)).map((id) => ({ value: id, label: known[id] ?? `${id}` }))];
  return (
    <Field label={label} note={note}>
      <Select
        mode="multiple"
        showSearch={{ filterOption: false, onSearch: find }}
        value={value}
        aria-label={label}
        placeholder={t("form.pick")}
        loading={list.isFetching}
        options={options}
        notFoundContent={t("people.pick.none")}
        onChange={(ids: number[]) => {
          setKnown((now) => ({ ...now, ...Object.fromEntries(options.map((one) => [one.value, one.label])) }));
          set(ids);
        }}
      />
    </Field>
  );
}
