import { useQueryClient } from "@tanstack/react-query";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import type { Me } from "../../api/types";
import { Leave } from "../../kit/shell/Leave";
import { Logo } from "../../kit/shell/Logo";
import { Factor } from "./Factor";
import { Password } from "./Password";
import "./login.css";
import "./people.css";

/** What must be done before anything else: a new password where an administrator set it, then the second factor where
 *  the role must have one. What was asked for comes after. */
export default function Enrol({ me }: { me: Me }): ReactNode {
  const client = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const password = me.must_change_password;
  const title = password ? t("enrol.password.title") : t("enrol.title");
  useEffect(() => {
    document.title = `${title} \u00b7 ${t("brand.name")}`;
  }, [title]);
  return (
    <div className="login">
      <main className="enrol">
        <div className="login-brand">
          <Logo size={34} />
          <h1>{title}</h1>
          <span>{me.county.name}</span>
        </div>
        <p className="login-line">{password ? t("enrol.password.line") : t("enrol.line", { role: t(`role.${me.user.role}`) })}</p>
        <section className="enrol-box">
          {password ? <Password me={me} changed={() => void client.invalidateQueries()} /> : <Factor kept={() => void client.invalidateQueries()} />}
        </section>
        <p className="note">{password ? t("enrol.password.who", { name: me.user.username }) : t("enrol.who", { name: me.user.username })}</p>
      </main>
      <footer>
        <button type="button" className="linkish" onClick={() => setLeaving(true)}>
          {t("act.leave")}
        </button>
      </footer>
      {leaving && <Leave user={me.user.id} stay={() => setLeaving(false)} />}
    </div>
  );
}
