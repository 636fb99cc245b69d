import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { t } from "i18next";
import { useRef, type ReactNode } from "react";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";
import { FieldWrong, NotSaved } from "../../kit/States";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { moment, spanWords } from "../../time/words";
import { useMay } from "../people/Room";

type Job = NonNullable<components["schemas"]["Checks"]["job"]>;

const KEY = ["ledger", "check"];

/** What the check last asked for found, in the words of its verdict; what differs, line by line. */
function Found({ job }: { job: Job }): ReactNode {
  const now = useNow();
  if (job.state === "asked") return <p role="status">{t("ledger.check.running", { length: spanWords(Math.max(0, now - Date.parse(job.asked_at))) })}</p>;
  return (
    <div role="status">
      <p>
        {t("ledger.check.done", { by: job.by, at: moment(job.ended_at ?? job.asked_at, now) })} {job.count > 0 ? <b className="ledger-odd">{job.verdict}</b> : job.verdict}
      </p>
      {job.count > 0 && (
        <ul>
          {job.findings.map((one) => (
            <li key={one}>{one}</li>
          ))}
          {job.count > job.findings.length && <li>{t("ledger.check.more", { count: figure(job.count - job.findings.length) })}</li>}
        </ul>
      )}
    </div>
  );
}

/** 现在核对: the worker walks the whole record now; with a head kept elsewhere also whether anything before it changed. */
export function Check(): ReactNode {
  const may = useMay()("ledger.check");
  const client = useQueryClient();
  const picked = useRef<HTMLInputElement>(null);
  const asked = useQuery({ queryKey: KEY, queryFn: () => got(api.GET("/api/v1/ledger/checks")), enabled: may, refetchInterval: (query) => (query.state.data?.job?.state === "asked" ? 1_000 : 15_000) });
  const begin = useMutation({
    mutationFn: (head: string) => got(api.POST("/api/v1/ledger/checks", { body: { head } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["ledger"] }),
  });
  if (!may) return null;
  const job = asked.data?.job;
  const busy = begin.isPending || job?.state === "asked";
  return (
    <div className="ledger-check">
      <Button size="small" disabled={busy} onClick={() => begin.mutate("")}>
        {t("ledger.check.go")}
      </Button>{" "}
      <Button size="small" disabled={busy} onClick={() => picked.current?.click()}>
        {t("ledger.check.head")}
      </Button>
      <input
        ref={picked}
        type="file"
        hidden
        accept=".note,.txt,text/plain"
        aria-label={t("ledger.check.head")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          // A head is a few lines; of anything longer the beginning is enough to be refused.
          if (file) void file.slice(0, 4_000).text().then((text) => begin.mutate(text));
        }}
      />
      <FieldWrong error={begin.error} field="head" id="ledger-head-wrong" />
      <NotSaved error={begin.error} />
      {job && <Found job={job} />}
    </div>
  );
}

/** What somebody who trusts nobody needs to know of this record, in half a page. */
export function Trust(): ReactNode {
  return (
    <details className="ledger-trust">
      <summary>{t("ledger.trust")}</summary>
      {(["how", "who", "tail", "self", "not"] as const).map((part) => (
        <p key={part}>
          <b>{t(`ledger.trust.${part}`)}</b> {t(`ledger.trust.${part}.words`)}
        </p>
      ))}
    </details>
  );
}
