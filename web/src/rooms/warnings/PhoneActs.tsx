import { Button, Dropdown } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import type { Action } from "../../api/types";
import type { Verb } from "./acts";

/** In thumb reach: the one next act large, the others behind one button, each with its reason. */
export function PhoneActs({ answer, acts, primary, press }: { answer: ReactNode; acts: Action[]; primary: Action | undefined; press: (verb: Verb) => void }): ReactNode {
  const items = acts.map((action) => ({
    key: action.verb,
    disabled: !action.allowed,
    label: action.allowed || !action.why ? t(`act.${action.verb}`) : `${t(`act.${action.verb}`)} \u00b7 ${action.why}`,
  }));
  return (
    <div className="actbar-phone">
      {answer ? (
        answer
      ) : primary ? (
        <Button type="primary" onClick={() => press(primary.verb as Verb)}>
          {t(`act.${primary.verb}`)}
        </Button>
      ) : (
        <span className="actbar-why">{acts.find((action) => action.why)?.why}</span>
      )}
      {items.length > 0 && (
        <Dropdown menu={{ items, onClick: ({ key }) => press(key as Verb) }} trigger={["click"]} placement="topRight">
          <Button>{t("act.more")}</Button>
        </Dropdown>
      )}
    </div>
  );
}
