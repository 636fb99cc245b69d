import { Input } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useLooks } from "../../api/queries";
import type { Look } from "../../api/types";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Days, useFilters } from "./Days";
import "./ledger.css";

function At({ at }: { at: string }): ReactNode {
  return moment(at, useNow());
}

function About({ look }: { look: Look }): ReactNode {
  const { label, url } = look.subject;
  return url === "" ? <span className="second">{label}</span> : <Link to={url}>{label}</Link>;
}

function columns(): Column<Look>[] {
  return [
    { key: "at", title: t("ledger.at"), cell: (look) => <At at={look.at} /> },
    { key: "actor", title: t("ledger.actor"), cell: (look) => <b>{look.actor}</b> },
    { key: "fields", title: t("looks.fields"), cell: (look) => look.fields },
    { key: "subject", title: t("looks.about"), grow: 30, cell: (look) => <About look={look} /> },
    { key: "purpose", title: t("looks.purpose"), grow: 40, cell: (look) => (look.purpose === "" ? <span className="second">{t("looks.noPurpose")}</span> : look.purpose) },
    { key: "entry", title: t("looks.sealed"), right: true, from: "wide", cell: (look) => <span className="second">{look.entry === null ? t("looks.waiting") : t("looks.yes")}</span> },
  ];
}

/** 查阅日志: who looked at whose number, name or paper, when and what for. */
export default function Looks(): ReactNode {
  const [search] = useSearchParams();
  const { set, filter } = useFilters(["q", "since", "until"]);
  const list = useLooks(filter);
  useCrumb(t("nav.ledger"), "/ledger", t("looks.title"));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const count = list.data?.pages[0]?.count ?? 0;
  return (
    <div className="page">
      <div className="points-head">
        <h1>{t("looks.sentence", { n: count })}</h1>
      </div>
      <p className="second looks-words">{t("looks.words")}</p>
      <div className="points-head">
        <Days set={set} />
        <Input allowClear prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />} placeholder={t("looks.find")} aria-label={t("looks.find")} defaultValue={search.get("q") ?? ""} onChange={(event) => set("q", event.target.value)} />
        <Exchange table="looks" filter={filter} />
      </div>
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("looks.title")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("looks.title")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("looks.empty")}>{Object.keys(filter).length > 0 ? t("warnings.empty.widen") : t("looks.empty.words")}</Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("looks.title")}
          columns={columns()}
          rows={rows}
          count={count}
          id={(look) => look.id}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
          card={(look) => (
            <span className="wcard lcard">
              <span>
                <b>
                  {t("looks.card", { actor: look.actor, fields: look.fields, about: look.subject.label })}
                </b>
                <i>
                  <At at={look.at} /> {look.purpose}
                </i>
              </span>
            </span>
          )}
        />
      )}
    </div>
  );
}
