import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useKey } from "../../api/keys";
import { Panel } from "../../kit/Panel";
import { NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { serverNow } from "../../time/server";
import { Field } from "../people/Dialog";
import { fieldTime, momentOf } from "../people/times";
import { PickConcerns } from "./PickConcerns";
import { PickPosts } from "./PickPosts";
import { concernOf, type Concern } from "./concerns";
import { useEnterOrder, useSuperiors } from "./queries";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

const OTHER = 0;

/** 录入指令: whose, what, by when, and who carries it out; those may be named later. */
export default function OrderEnter(): ReactNode {
  const [search] = useSearchParams();
  const warning = Number(search.get("warning"));
  const offices = useSuperiors();
  const enter = useEnterOrder();
  const navigate = useNavigate();
  const keyed = useKey();
  const [office, setOffice] = useState<number | null>(null);
  const [sender, setSender] = useState("");
  const [number, setNumber] = useState("");
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [concern, setConcern] = useState<Concern | null>(concernOf(`site:${search.get("site") ?? ""}`) ?? concernOf(`organisation:${search.get("organisation") ?? ""}`));
  const [posts, setPosts] = useState<number[]>([]);
  const [due, setDue] = useState(fieldTime(serverNow() + 24 * 3_600_000));
  const [pressed, setPressed] = useState(false);
  useCrumb(t("order.title"), "/orders", t("order.enter"));
  const lack = office === null || (office === OTHER && sender.trim() === "") ? t("order.need.sender") : title.trim() === "" ? t("order.need.title") : text.trim() === "" ? t("order.need.text") : momentOf(due) === null ? t("order.need.due") : null;
  const send = (): void => {
    setPressed(true);
    if (lack !== null) return;
    const told = { superior: office === OTHER ? null : office, sender, their_number: number, title, text, posts, due_at: momentOf(due), ...(warning > 0 ? { warning } : concern ? { [concern.kind]: concern.id } : {}) };
    enter.mutate({ key: keyed.take(told), ...told }, { onSuccess: (made) => void navigate(`/orders/${made.id}`, { replace: true }), onError: keyed.failed });
  };
  return (
    <div className="page reports">
      <div className="points-head">
        <h1>{t("order.enter")}</h1>
      </div>
      <div className="report-form">
        <Panel title={t("order.itself")}>
          <div className="pform">
            <Field label={t("order.sender")}>
              <Select aria-label={t("order.sender")} value={office} placeholder={t("form.pick")} onChange={setOffice} options={[...(offices.data?.items ?? []).map((one) => ({ value: one.id, label: one.title })), { value: OTHER, label: t("order.otherSender") }]} />
            </Field>
            {office === OTHER && (
              <Field label={t("order.senderName")}>
                <Input value={sender} maxLength={80} onChange={(event) => setSender(event.target.value)} />
              </Field>
            )}
            <Field label={t("order.theirs")}>
              <Input value={number} maxLength={80} onChange={(event) => setNumber(event.target.value)} />
            </Field>
            {warning > 0 ? null : <PickConcerns value={concern} set={setConcern} />}
            <Field label={t("order.what")}>
              <Input value={title} maxLength={160} onChange={(event) => setTitle(event.target.value)} />
            </Field>
            <Field label={t("order.text")}>
              <Input.TextArea autoSize={{ minRows: 6, maxRows: 20 }} maxLength={5000} value={text} onChange={(event) => setText(event.target.value)} />
            </Field>
          </div>
        </Panel>
        <div className="report-side">
          <Panel title={t("order.who")}>
            <div className="pform">
              <PickPosts label={t("order.posts")} note={t("order.posts.note")} value={posts} set={setPosts} />
              <Field label={t("order.due")}>
                <Input type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} />
              </Field>
            </div>
          </Panel>
          {pressed && lack !== null && (
            <p className="notsaved" role="alert">
              {lack}
            </p>
          )}
          <NotSaved error={enter.error} />
          <div className="report-acts">
            <Button type="primary" size="large" loading={enter.isPending} onClick={send}>
              {t("order.take")}
            </Button>
            <Link to="/orders">
              <Button size="large">{t("act.back")}</Button>
            </Link>
          </div>
        </div>
      </div>
    </div>
  );
}
