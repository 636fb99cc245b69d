import { t } from "i18next";
import type { ReactNode } from "react";
import { FirstSteps } from "../start/FirstSteps";
import { useBeginning } from "../start/queries";
import { Room } from "./Room";

/** 起步: what a new county needs before it can be relied on. */
export default function Start(): ReactNode {
  const found = useBeginning().data;
  const words = !found ? t("admin.tab.start") : found.left === 0 ? t("start.sentence.done") : t("start.sentence", { n: found.left, all: found.steps.length });
  return (
    <Room sentence={words}>
      <FirstSteps />
    </Room>
  );
}
