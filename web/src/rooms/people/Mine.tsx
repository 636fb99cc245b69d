import { Button, Popconfirm } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { api, got } from "../../api/client";
import type { Me } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { useProblemWords } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Factor } from "./Factor";
import { Notices } from "./Notices";
import { Password } from "./Password";
import { useChange } from "./queries";
import "./people.css";

function Elsewhere(): ReactNode {
  const end = useChange(() => got(api.POST("/api/v1/session/end-others")));
  const wrong = useProblemWords(end.error);
  return (
    <div className="pform">
      <p>{t("mine.others.words")}</p>
      <div>
        <Popconfirm icon={null} title={t("mine.others.sure")} description={t("mine.others.means")} okText={t("mine.others.end")} cancelText={t("act.back")} onConfirm={() => end.mutate()}>
          <Button loading={end.isPending}>{t("mine.others.end")}</Button>
        </Popconfirm>
      </div>
      {end.error !== null && (
        <p className="notsaved" role="alert">
          {wrong}
        </p>
      )}
      {end.isSuccess && (
        <p role="status">
          <b>{t("mine.others.ended")}</b>
        </p>
      )}
    </div>
  );
}

/** 我的账号: as whom I am here, a new password, calls shown outside the page, and what to do when a telephone of mine is gone. */
export default function Mine({ me }: { me: Me }): ReactNode {
  useCrumb(t("mine.title"), "/mine");
  const post = me.post ? `${me.post.organisation}${me.post.title}` : t("mine.noPost");
  return (
    <div className="page mine">
      <h1>{me.user.display}</h1>
      <p className="note">
        {me.user.username} {"\u00b7"} {t(`role.${me.user.role}`)} {"\u00b7"} {post} {"\u00b7"} {me.whole ? t("mine.whole", { county: me.county.name }) : t("mine.part")}
      </p>
      <Panel title={t("mine.others")}>
        <Elsewhere />
      </Panel>
      {me.permissions.includes("duty.act") && (
        <Panel title={t("notify.heading")}>
          <Notices />
        </Panel>
      )}
      <Panel title={t("mine.factor.title")}>
        <Factor />
      </Panel>
      <Panel title={t("mine.password.title")}>
        <Password me={me} />
      </Panel>
    </div>
  );
}
