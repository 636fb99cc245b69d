import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal, Segmented } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { useSession } from "../../api/queries";
import type { NoisyRule } from "../../api/types";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { PickPost } from "../people/Dialog";
import "./noise.css";

type By = "rule" | "pack";
type Doing = { what: "care" | "review"; row: NoisyRule };

function useNoise(days: "30" | "90", by: By) {
  return useQuery({ queryKey: ["warnings", "noise", days, by], queryFn: () => got(api.GET("/api/v1/noise", { params: { query: { days, by } } })) });
}

function madeOf(reasons: Record<string, number>): string {
  return Object.entries(reasons)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(t("list.comma"));
}

function Dialog({ doing: { what, row }, close }: { doing: Doing; close: () => void }): ReactNode {
  const client = useQueryClient();
  const [owner, setOwner] = useState(row.owner_id);
  const [day, setDay] = useState(what === "care" ? (row.review_on ?? "") : "");
  const [limit, setLimit] = useState<number | null>(row.limit);
  const [note, setNote] = useState("");
  const [told, setTold] = useState(false);
  const params = { path: { id: row.rule ?? 0 } };
  const act = useMutation({
    mutationFn: () =>
      what === "care" ? got(api.PUT("/api/v1/rules/{id}/care", { params, body: { owner: owner ?? 0, review_on: day, limit } })) : got(api.POST("/api/v1/rules/{id}/review", { params, body: { note, review_on: day } })),
    onSuccess: () => {
      for (const old of ["warnings", "duties", "ledger"]) void client.invalidateQueries({ queryKey: [old] });
      close();
    },
  });
  const lack = day === "" ? t("noise.needDay") : what === "care" && owner === null ? t("noise.needOwner") : what === "review" && note.trim() === "" ? t("noise.needNote") : null;
  const send = (): void => {
    setTold(true);
    if (lack === null) act.mutate();
  };
  const verb = what === "care" ? t("noise.act.care") : t("noise.act.review");
  return (
    <Modal open title={`${verb} ${row.title}`} okText={verb} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close} width={520}>
      <p className="second">{row.where}</p>
      {what === "care" && (
        <>
          <PickPost label={t("noise.owner")} value={owner} set={setOwner} known={row.owner_id === null || row.owner === null ? null : { value: row.owner_id, label: row.owner }} />
        </>
      )}
      {what === "review" && (
        <>
          <label htmlFor="found">{t("noise.found")}</label>
          <Input.TextArea id="found" rows={3} value={note} onChange={(event) => setNote(event.target.value)} />
        </>
      )}
      <label htmlFor="day">{what === "care" ? t("noise.day") : t("noise.nextDay")}</label>
      <Input id="day" type="date" value={day} onChange={(event) => setDay(event.target.value)} />
      {what === "care" && (
        <>
          <label htmlFor="limit">{t("noise.limit")}</label>
          <InputNumber id="limit" min={0} max={10000} value={limit} onChange={(value) => setLimit(value)} suffix={t("noise.perMonth")} className="noise-limit" />
        </>
      )}
      {told && lack !== null && (
        <p className="notsaved" role="alert">
          {lack}
        </p>
      )}
      <NotSaved error={act.error} />
    </Modal>
  );
}

/** A nought is there to be read over. */
function figure(n: number): ReactNode {
  return n > 0 ? n : <span className="noise-nil">0</span>;
}

function columns(by: By, may: boolean, ask: (doing: Doing) => void): Column<NoisyRule>[] {
  const figures: Column<NoisyRule>[] = [
    { key: "rate", title: t("noise.rate"), right: true, cell: (r) => <b className={r.rate > 0 ? "figure" : "figure noise-nil"}>{r.rate}</b> },
    { key: "false", title: t("result.false_alarm"), right: true, cell: (r) => figure(r.false_alarm) },
    { key: "device", title: t("result.device_fault"), right: true, cell: (r) => figure(r.device_fault) },
    { key: "real", title: t("result.real"), right: true, cell: (r) => figure(r.real) },
    { key: "unjudged", title: t("noise.unjudged"), right: true, cell: (r) => figure(r.unjudged) },
    { key: "raised", title: t("noise.raised"), right: true, cell: (r) => r.raised },
    { key: "reasons", title: t("noise.reasons"), from: "wide", grow: 24, cell: (r) => <span title={madeOf(r.reasons)}>{madeOf(r.reasons)}</span> },
  ];
  const title: Column<NoisyRule> = { key: "title", title: t("noise.rule"), cell: (r) => r.title };
  if (by === "pack") return [title, { key: "points", title: t("noise.points"), right: true, cell: (r) => r.points }, ...figures];
  return [
    title,
    { key: "where", title: t("warning.where"), grow: 24, cell: (r) => <span title={r.where}>{r.where}</span> },
    ...figures,
    { key: "owner", title: t("noise.owner"), cell: (r) => (r.owner ? `${r.owner}` : <b>{t("noise.nobody")}</b>) },
    { key: "day", title: t("noise.day"), cell: (r) => r.review_on ?? "\u2014" },
    ...(may ? [acts(ask)] : []),
  ];
}

function acts(ask: (doing: Doing) => void): Column<NoisyRule> {
  return {
    key: "acts",
    title: t("noise.acts"),
    cell: (row) => (
      <span className="noise-acts">
        <Button size="small" onClick={() => ask({ what: "care", row })}>
          {t("noise.act.care")}
        </Button>
        {row.owner !== null && (
          <Button size="small" onClick={() => ask({ what: "review", row })}>
            {t("noise.act.review")}
          </Button>
        )}
      </span>
    ),
  };
}

/** 误报: the noisiest rule first, what its false alarms were made of, and who looks after it. */
export default function Noise(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const by: By = search.get("by") === "pack" ? "pack" : "rule";
  const days = search.get("days") === "90" ? "90" : "30";
  const found = useNoise(days, by);
  const [doing, setDoing] = useState<Doing | null>(null);
  const may = useSession().data?.permissions.includes("rule.edit") ?? false;
  useCrumb(t("nav.warnings"), "/warnings", t("noise.title"));
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    next.set(name, value);
    setSearch(next);
  };
  const told = found.data;
  const worst = told?.items[0];
  const share = told && told.raised > 0 ? Math.round((told.false / told.raised) * 100) : 0;
  return (
    <div className="page">
      <div className="noise-head">
        <h1>{!told ? t("noise.title") : worst && worst.rate > 0 ? t("noise.sentence", { rule: [worst.title, worst.where].filter(Boolean).join(" \u00b7 "), days, n: worst.false_alarm + worst.device_fault }) : t("noise.quiet", { days })}</h1>
        <Segmented value={days} onChange={(value) => set("days", value)} options={[{ value: "30", label: t("noise.days", { n: 30 }) }, { value: "90", label: t("noise.days", { n: 90 }) }]} />
      </div>
      <div className="tabs tabs-line" role="tablist" aria-label={t("noise.title")}>
        <button type="button" role="tab" aria-selected={by === "rule"} onClick={() => set("by", "rule")}>
          {t("noise.by.rule")}
        </button>
        <button type="button" role="tab" aria-selected={by === "pack"} onClick={() => set("by", "pack")}>
          {t("noise.by.pack")}
        </button>
      </div>
      {found.error && !told ? (
        <div className="panel">
          <Failed error={found.error} what={t("noise.title")} again={() => void found.refetch()} />
        </div>
      ) : !told ? (
        <div className="panel">
          <Loading what={t("noise.title")} />
        </div>
      ) : told.items.length === 0 ? (
        <div className="panel">
          <Empty title={t("noise.quiet", { days })} action={<Link to="/warnings?tab=all">{t("warning.toList")}</Link>}>
            {t("noise.empty")}
          </Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("noise.title")}
          columns={columns(by, may, setDoing)}
          rows={told.items}
          count={told.count}
          id={(r) => r.rule ?? -1 - told.items.indexOf(r)}
          to={(r) => (r.point !== null ? `/points/${r.point}` : `/rules/${r.origin.split("/")[0] ?? ""}`)}
          card={(r) => (
            <span className="noise-card">
              <b>{r.title}</b>
              {r.where && <i>{r.where}</i>}
              <i>{[t("noise.card", { rate: r.rate, n: r.raised }), madeOf(r.reasons)].filter(Boolean).join(" \u00b7 ")}</i>
            </span>
          )}
          footer={told.false > 0 ? t("noise.footer", { raised: told.raised, n: told.false, share, list: madeOf(told.reasons) }) : undefined}
        />
      )}
      {doing && <Dialog doing={doing} close={() => setDoing(null)} />}
    </div>
  );
}
