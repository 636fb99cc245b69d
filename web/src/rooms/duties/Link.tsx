import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link as Door, useParams } from "react-router";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";
import { asProblem } from "../../api/problem";
import { Clauses } from "../../kit/Clauses";
import { LevelMark } from "../../kit/LevelTag";
import { Failed, Loading, NotSaved } from "../../kit/States";
import { WatchBars } from "../../kit/shell/InkBars";
import { localNow, teach, useNow } from "../../time/server";
import { clockTime, span } from "../../time/words";
import { answerWord, callTitle } from "./words";
import "./answer.css";

/** No login, no live events: the page looks again by itself. */
const AGAIN_MS = 10_000;

type Verb = "answer" | "decline";

function headOf(call: components["schemas"]["AnswerLink"]): string {
  if (call.kind === "trial") return t("link.trial");
  return callTitle({ kind: call.what, level: call.level, verb: t("act.answer") });
}

/** The page behind the link of a short message: no login, this one call, two buttons. Opening it counts as seen. */
export default function Link(): ReactNode {
  const token = useParams().token ?? "";
  const path = { params: { path: { token } } };
  const found = useQuery({ queryKey: ["answer-link", token], queryFn: () => got(api.POST("/api/v1/answer-links/{token}/open", path)), staleTime: Infinity });
  const client = useQueryClient();
  const key = ["answer-link-again", token];
  const again = useQuery({
    queryKey: key,
    queryFn: async () => {
      const asked = localNow();
      const seen = await got(api.GET("/api/v1/answer-links/{token}", path));
      teach(seen.server_time, asked, localNow());
      return seen;
    },
    enabled: found.isSuccess,
    refetchInterval: AGAIN_MS,
  });
  const act = useMutation({
    mutationFn: (verb: Verb) => got(api.POST(`/api/v1/answer-links/{token}/${verb}`, path)),
    onSuccess: async (done) => {
      await client.cancelQueries({ queryKey: key });
      client.setQueryData(key, done);
    },
  });
  const now = useNow();
  const call = again.data ?? found.data;
  const lost = again.failureCount > 0 ? Math.max(again.dataUpdatedAt, found.dataUpdatedAt) : null;
  if (found.error && !call) {
    if (asProblem(found.error).status === 404) {
      return (
        <div className="answer">
          <header className="ahead">
            <h1>{t("link.gone")}</h1>
          </header>
          <main>
            <p>{t("link.gone.words")}</p>
          </main>
          <footer className="answer-acts">
            <Door className="answer-go ant-btn ant-btn-primary" to="/login">
              {t("link.gone.login")}
            </Door>
          </footer>
        </div>
      );
    }
    return <Failed error={found.error} what={t("what.call")} again={() => void found.refetch()} />;
  }
  if (!call) return <Loading what={t("what.call")} />;
  const left = Date.parse(call.due_at) - now;
  const state = left < 0 ? "over" : "run";
  return (
    <div className="answer">
      <WatchBars watching={call.watching} lost={lost} />
      <header className={`ahead ahead-${call.level}`}>
        <div className="ahead-what">
          {call.level > 0 && <LevelMark level={call.level} state="answered" size={58} />}
          <div>
            <h1>{headOf(call)}</h1>
            {call.post !== "" && <p>{t("answer.call", { post: call.post })}</p>}
          </div>
        </div>
        {call.state === "open" && (
          <div className={`ahead-clock ahead-clock-${state}`}>
            <span>{t(`answer.clock.${state}`, { what: t("limit.answer") })}</span>
            <b>{span(Math.abs(left), "pad", true)}</b>
            <i>{t("link.due", { at: clockTime(call.due_at) })}</i>
          </div>
        )}
      </header>
      <main>
        <h2>
          <Clauses text={call.title} />
        </h2>
        {call.why !== "" && <p className="answer-where">{call.why}</p>}
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
              {answerWord({ kind: call.what })}
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
