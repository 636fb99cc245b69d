import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useParams } from "react-router";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import { Clauses } from "../../kit/Clauses";
import { LevelMark } from "../../kit/LevelTag";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { clockTime } from "../../time/words";
import "./answer.css";

type Verb = "answer" | "decline";

/** The page behind the link of a short message: no login, this one call, two buttons. Opening it counts as seen. */
export default function Link(): ReactNode {
  const token = useParams().token ?? "";
  const path = { params: { path: { token } } };
  const found = useQuery({ queryKey: ["answer-link", token], queryFn: () => got(api.POST("/api/v1/answer-links/{token}/open", path)), staleTime: Infinity });
  const [done, setDone] = useState<typeof found.data>();
  const act = useMutation({ mutationFn: (verb: Verb) => got(api.POST(`/api/v1/answer-links/{token}/${verb}`, path)), onSuccess: setDone });
  const now = useNow();
  const call = done ?? found.data;
  if (found.error && !call) {
    if (asProblem(found.error).status === 404) return <Empty title={t("link.gone")}>{t("link.gone.words")}</Empty>;
    return <Failed error={found.error} what={t("what.call")} again={() => void found.refetch()} />;
  }
  if (!call) return <Loading what={t("what.call")} />;
  const late = Date.parse(call.due_at) < now;
  return (
    <div className="answer">
      <header className={`ahead ahead-${call.level}`}>
        <div className="ahead-what">
          {call.level > 0 && <LevelMark level={call.level} state="answered" size={58} />}
          <div>
            <h1>{call.kind === "trial" ? t("link.trial") : call.level > 0 ? t("answer.title", { level: t(`level.${call.level}.word`) }) : t("link.title")}</h1>
            {call.post !== "" && <p>{t("answer.call", { post: call.post })}</p>}
          </div>
        </div>
      </header>
      <main>
        <h2>
          <Clauses text={call.title} />
        </h2>
        {call.why !== "" && <p className="answer-where">{call.why}</p>}
        <p className="answer-where">{t(late ? "answer.wasDue" : "answer.after", { at: clockTime(call.due_at) })}</p>
        {call.along.length > 0 && (
          <>
            <p className="answer-where">{t("link.along", { n: call.along.length })}</p>
            <ul className="answer-along">
              {call.along.map((one, i) => (
                <li key={i}>
                  <LevelMark level={one.level} size={20} /> <Clauses text={one.title} />
                </li>
              ))}
            </ul>
          </>
        )}
        {call.orders.length > 0 && (
          <ol className="answer-orders">
            {call.orders.slice(0, 3).map((order, i) => (
              <li key={order}>
                <i>{i + 1}</i>
                {order}
              </li>
            ))}
          </ol>
        )}
      </main>
      <footer className="answer-acts">
        <NotSaved error={act.error} />
        {call.state === "open" ? (
          <>
            <Button type="primary" className="answer-yes" loading={act.isPending} onClick={() => act.mutate("answer")}>
              {t("answer.yes")}
            </Button>
            {call.kind === "call" && (
              <Button className="answer-no" disabled={act.isPending} onClick={() => act.mutate("decline")}>
                {t("answer.no")}
              </Button>
            )}
          </>
        ) : (
          <p role="status">{t(`link.state.${call.state}`)}</p>
        )}
      </footer>
    </div>
  );
}
