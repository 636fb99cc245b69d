import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import "./table.css";

interface Pages {
  data?: { pages: readonly { items: readonly unknown[]; count: number }[] } | undefined;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** Under a list that is not shown whole: how many of how many, and the way on. Nothing where all is shown. */
export function More({ list }: { list: Pages }): ReactNode {
  if (!list.hasNextPage) return null;
  const pages = list.data?.pages ?? [];
  const shown = pages.reduce((sum, page) => sum + page.items.length, 0);
  return (
    <div className="more">
      <span>{t("table.shown", { shown, count: Math.max(pages[0]?.count ?? 0, shown) })}</span>
      <Button size="small" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {t("table.more")}
      </Button>
    </div>
  );
}
