import { Button, Popconfirm } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { api, got } from "../../api/client";
import { useHello } from "../../api/queries";
import type { Me } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { useProblemWords } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Factor } from "./Factor";
import { Notices } from "./Notices";
import { Password } from "./Password";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
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

/** Who I am at the county's provider of single sign-on: whoever else that names would sign in as me. */
function Bound({ me }: { me: Me }): ReactNode {
  const now = useNow();
  const bound = me.identity ?? null;
  return (
    <div className="pform">
      {bound === null ? (
        <p>{t("mine.sso.none")}</p>
      ) : (
        <>
          <p>
            <b>{bound.subject}</b> <span className="note">{t("mine.sso.since", { at: moment(bound.since, now), issuer: bound.issuer })}</span>
          </p>
          <p className="note">{t("mine.sso.wrong")}</p>
        </>
      )}
    </div>
  );
}

/** 我的账号: as whom I am here, a new password, calls shown outside the page, and what to do when a telephone of mine is gone. */
export default function Mine({ me }: { me: Me }): ReactNode {
  useCrumb(t("mine.title"), "/mine");
  const sso = useHello().data?.sso ?? null;
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
      {(sso !== null || me.identity) && (
        <Panel title={sso?.name || t("login.sso.name")}>
          <Bound me={me} />
        </Panel>
      )}
      <Panel title={t("mine.password.title")}>
        <Password me={me} />
      </Panel>
    </div>
  );
}
