import { Button, Input } from "antd";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { asProblem } from "../../api/problem";
import { ChainOfPeople } from "../../kit/ChainOfPeople";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { Timeline } from "../../kit/Timeline";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { serverNow, useNow } from "../../time/server";
import { moment } from "../../time/words";
import { MyActs, useMyDuties } from "../duties/MyActs";
import { isCall } from "../duties/order";
import { Dialog, Field } from "../people/Dialog";
import { fieldTime, momentOf } from "../people/times";
import { Dispatches } from "./Dispatches";
import { progress } from "./Orders";
import { PickPosts } from "./PickPosts";
import { useEnd, useGive, useOrder, type OrderDetail } from "./queries";
import { concernWords } from "./concerns";
import { limitOf } from "./words";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

function Give({ order, close }: { order: OrderDetail; close: () => void }): ReactNode {
  const act = useGive(order.id);
  const [posts, setPosts] = useState<number[]>([]);
  const [due, setDue] = useState(fieldTime(order.due_at ? Date.parse(order.due_at) : serverNow() + 24 * 3_600_000));
  return (
    <Dialog title={t("order.act.give.title")} verb={t("order.act.give")} busy={act.isPending} error={act.error} close={close} can={posts.length > 0 && momentOf(due) !== null} send={() => act.mutate({ posts, due_at: momentOf(due) }, { onSuccess: close })}>
      <PickPosts label={t("order.posts")} value={posts} set={setPosts} />
      <Field label={t("order.due")}>
        <Input type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function End({ order, close }: { order: OrderDetail; close: () => void }): ReactNode {
  const act = useEnd(order.id);
  const [note, setNote] = useState("");
  return (
    <Dialog title={t("order.act.end.title")} verb={t("order.act.end")} busy={act.isPending} error={act.error} close={close} can={note.trim() !== ""} send={() => act.mutate(note, { onSuccess: close })}>
      <Field label={t("order.ended.note")}>
        <Input.TextArea rows={3} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function Duties({ order }: { order: OrderDetail }): ReactNode {
  const now = useNow();
  const empty = (one: (typeof order.duties)[number]): boolean => order.chain.some((row) => row.state === "nobody" && row.duty_id === one.id && row.post === one.post && row.organisation === one.organisation);
  if (order.duties.length === 0) return <p className="note">{t("order.notGiven")}</p>;
  return (
    <ul className="order-duties">
      {order.duties.map((one) => (
        <li key={one.id}>
          <span>
            <b>{one.post}</b> <span className="second">{one.organisation}</span>
            {one.note && <i>{one.note}</i>}
          </span>
          {one.done_at === null && empty(one) ? <b>{t("call.nobody")}</b> : <span className="second">{t(`duty.state.${one.state}`)}</span>}
          {one.due_at && (one.done_at ? <span className="second">{moment(one.done_at, now)}</span> : one.state !== "cancelled" && <Clock limit={limitOf("carry_out", order.received_at, one.due_at)} size="list" short />)}
        </li>
      ))}
    </ul>
  );
}

/** Other content its sender's system sent under the same id: word for word, with what differs from the order. */
function Versions({ order }: { order: OrderDetail }): ReactNode {
  const now = useNow();
  return (
    <Panel title={t("order.versions")} note={t("order.versions.note")}>
      {order.other_versions.map((one) => (
        <section key={one.number} className="order-version">
          <h3>
            {t("order.version", { n: one.number })} <span className="second">{one.times > 1 ? t("order.version.times", { at: moment(one.received_at, now), n: one.times, last: moment(one.last_at, now) }) : moment(one.received_at, now)}</span>
          </h3>
          <dl>
            {one.changed.map((name) => (
              <div key={name}>
                <dt>{t(`order.version.${name}`)}</dt>
                <dd>{versionWords(one, name, now)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Panel>
  );
}

type Version = OrderDetail["other_versions"][number];

function versionWords(one: Version, name: Version["changed"][number], now: number): string {
  if (name === "due_at") return one.due_at === null ? t("order.version.none") : moment(one.due_at, now);
  if (name === "named") return [one.named.organisation, one.named.site, one.named.warning].filter(Boolean).join(t("list.comma")) || t("order.version.none");
  return one[name];
}

const verbs = ["give", "reply", "end"] as const;

const allows = (order: OrderDetail, verb: string): boolean => order.actions.some((one) => one.verb === verb && one.allowed);

/** What those who keep orders may do now; what is barred stays, its reason beside it. */
function KeepersActs({ order, filled }: { order: OrderDetail; filled: boolean }): ReactNode {
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [open, setOpen] = useState<"give" | "end" | null>(null);
  const asked = search.get("do") === "give" && allows(order, "give");
  useEffect(() => {
    if (!asked) return;
    setOpen("give");
    setSearch({}, { replace: true });
  }, [asked, setSearch]);
  const first = filled ? order.actions.find((one) => one.primary)?.verb : undefined;
  const barred = order.actions.filter((one) => !one.allowed && one.why);
  const press = (verb: (typeof verbs)[number]): void => {
    if (verb === "reply") void navigate(`/orders/${order.id}/reply`);
    else setOpen(verb);
  };
  return (
    <div className="order-acts">
      {verbs.map((verb) => (
        <Button key={verb} size="large" type={verb === first ? "primary" : "default"} disabled={!allows(order, verb)} aria-describedby={allows(order, verb) ? undefined : `why-${verb}`} onClick={() => press(verb)}>
          {t(`order.act.${verb}`)}
        </Button>
      ))}
      {barred.length > 0 && (
        <ul className="actbar-why">
          {[...new Map(barred.map((one) => [one.why, one])).values()].map((one) => (
            <li key={one.verb} id={`why-${one.verb}`}>
              {one.why}
            </li>
          ))}
        </ul>
      )}
      {open === "give" && <Give order={order} close={() => setOpen(null)} />}
      {open === "end" && <End order={order} close={() => setOpen(null)} />}
    </div>
  );
}

/** My own duty first; then what keeps the order, for who may ever press it: to others a sentence says whose it is. */
function Acts({ order }: { order: OrderDetail }): ReactNode {
  const keeps = useMe().permissions.includes("order.enter");
  const mine = useMyDuties("order", order.id);
  // Who is called answers first, and one filled button is enough.
  const called = mine.some(isCall);
  const theirs = order.actions.find((one) => one.verb === "reply")?.why;
  return (
    <>
      <MyActs duties={mine} filled={called || !keeps} />
      {keeps ? (
        <KeepersActs order={order} filled={!called} />
      ) : (
        order.state !== "ended" && theirs && <p className="note order-theirs">{t("act.why", { act: verbs.map((verb) => t(`order.act.${verb}`)).join(t("list.and")), why: theirs })}</p>
      )}
    </>
  );
}

/** One order from above: its words, who carries it out and how far, what was told back. */
export default function OrderPage(): ReactNode {
  const id = Number(useParams().orderId);
  const found = useOrder(id);
  const now = useNow();
  useCrumb(t("order.title"), "/orders", found.data?.number ?? "\u2026");
  if (found.error && !found.data) {
    return asProblem(found.error).status === 404 ? <Empty title={t("order.missing")} action={<Link to="/orders">{t("order.toList")}</Link>} /> : <Failed error={found.error} what={t("order.title")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("order.title")} />;
  const order = found.data;
  const about = concernWords(order);
  return (
    <div className="page reports">
      <header className="report-head">
        <div>
          <h1>{t("order.headline", { sender: order.sender, title: order.title })}</h1>
          <p className="facts-line">
            <span>{order.ended_at ? t("order.ended", { at: moment(order.ended_at, now) }) : progress(order)}</span>
            <span>{order.their_number || order.number}</span>
            <span>{t("order.received", { at: moment(order.received_at, now), by: order.taken_by })}</span>
            {order.door === "webhook" && <span>{t("order.webhook")}</span>}
            {about && <span><Link to={about.url}>{about.name}</Link></span>}
            {order.warning && <span><Link to={`/warnings/${order.warning.id}`}>{order.warning.number}</Link></span>}
          </p>
          {order.unmatched.length > 0 && <p className="order-unmatched">{t("order.unmatched", { named: order.unmatched.map((one) => `${t(`order.unmatched.${one.field}`)} ${one.named}`).join(t("list.comma")) })}</p>}
        </div>
        {order.due_at && order.state !== "ended" && (
          <div className="report-tools">
            <Clock limit={limitOf("carry_out", order.received_at, order.due_at)} size="head" />
          </div>
        )}
      </header>
      <Acts order={order} />
      <div className="report-form">
        <div className="report-left">
          <Panel title={t("order.text")}>
            <div className="report-paper">
              {order.text.split("\n").map((line, i) => (
                <p key={i}>{line}</p>
              ))}
            </div>
          </Panel>
          {order.other_versions.length > 0 && <Versions order={order} />}
          <Panel title={t("order.who")}>
            <Duties order={order} />
          </Panel>
          {order.replies.length > 0 && (
            <Panel title={t("order.replies")}>
              {order.replies.map((reply) => (
                <section key={reply.id} className="report-one">
                  <h3>
                    <Link to={`/reports/${reply.id}`}>{reply.title}</Link> <span className="second">{moment(reply.at, now)}</span>
                  </h3>
                  <Dispatches rows={reply.dispatches} may={allows(order, "reply")} />
                </section>
              ))}
            </Panel>
          )}
        </div>
        <div className="report-side">
          {order.chain.length > 0 && (
            <Panel title={t("call.title")}>
              <ChainOfPeople rows={order.chain} />
            </Panel>
          )}
          <Panel title={t("timeline.title")} note={t("timeline.note", { n: order.timeline.length })}>
            <Timeline rows={order.timeline} />
          </Panel>
        </div>
      </div>
    </div>
  );
}
