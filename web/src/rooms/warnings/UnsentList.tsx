import { Button, Popconfirm } from "antd";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import { asProblem } from "../../api/problem";
import { useProblemWords } from "../../kit/States";
import { outbox, useUnsent } from "../../outbox/here";
import type { Unsent } from "../../outbox/outbox";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";

function Thumbnail({ blob }: { blob: Blob }): ReactNode {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url === null ? <i aria-hidden /> : <img src={url} alt="" />;
}

const percent = (one: Unsent): number => Math.floor((100 * one.sent) / Math.max(1, one.photograph.size));

/** How it stands with one photograph, and why. */
function Standing({ one }: { one: Unsent }): ReactNode {
  const problem = asProblem(one.error);
  const why = useProblemWords(one.error);
  if (one.phase === "sending") return <b>{t("evidence.going", { percent: percent(one) })}</b>;
  if (one.error === null) return <span>{t("evidence.waits")}</span>;
  const words = problem.code === "hash.differs" ? t("evidence.hashDiffers") : problem.status === 0 ? t("evidence.noLine") : why;
  return (
    <>
      <b>{one.phase === "refused" ? t("evidence.refused") : t("evidence.held", { percent: percent(one) })}</b> <span>{words}</span>
    </>
  );
}

/** What the county does not have yet: it lies on this device, and stays in sight until the county has the same hash. */
export function UnsentList({ warning }: { warning: number }): ReactNode {
  const now = useNow();
  const unsent = useUnsent().filter((one) => one.photograph.warning === warning);
  if (unsent.length === 0) return null;
  const failed = unsent.filter((one) => one.error !== null && one.phase !== "sending").length;
  // What was refused is sent again one by one, by who has read why.
  const waiting = unsent.some((one) => one.error !== null && one.phase === "waiting");
  const adrift = unsent.some((one) => !one.kept);
  return (
    <div className={`evidence-unsent${failed > 0 ? " evidence-lost" : ""}`} role={failed > 0 ? "alert" : "status"}>
      <b>{failed > 0 ? t("evidence.lost", { n: failed }) : t("evidence.unsent", { n: unsent.length })}</b>
      <p>{adrift ? t("evidence.adrift") : t("evidence.kept")}</p>
      <ul>
        {unsent.map((one) => (
          <li key={one.photograph.key}>
            <Thumbnail blob={one.photograph.blob} />
            <div>
              <span>
                {moment(one.photograph.seen, now)} · {t(`evidence.from.${one.photograph.origin}`)} · {t("evidence.size", { size: (one.photograph.size / 1e6).toFixed(1) })}
              </span>
              <span className="second">
                {one.photograph.name} · SHA-256 {one.photograph.sha256.slice(0, 8)}…
              </span>
              <span className="evidence-standing">
                <Standing one={one} />
              </span>
            </div>
            {one.phase === "refused" && <Button onClick={() => void outbox.resend(one.photograph.key)}>{t("evidence.resend")}</Button>}
            <Popconfirm title={t("evidence.leave.ask")} description={t("evidence.leave.means")} okText={t("evidence.leave")} cancelText={t("act.back")} onConfirm={() => outbox.discard(one.photograph.key)}>
              <Button type="text" disabled={one.phase === "sending"}>
                {t("evidence.leave")}
              </Button>
            </Popconfirm>
          </li>
        ))}
      </ul>
      {waiting && <Button onClick={() => void outbox.flush()}>{t("evidence.again")}</Button>}
    </div>
  );
}
