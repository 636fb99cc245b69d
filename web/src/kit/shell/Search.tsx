import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { t } from "i18next";
import { ArrowLeft, Building2, Search as Glass } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { useNavigate } from "react-router";
import { api, got } from "../../api/client";
import { LevelMark, NoDataMark } from "../LevelTag";
import { tagState } from "../levelstate";
import { inOrder, type Found } from "./hits";

interface Hit extends Found {
  to: string;
  words: string;
  where: string;
  mark: ReactNode;
}

/** What was found, and whether it answers this very question or still the one before. */
function useHits(q: string): { hits: Hit[]; settled: boolean } {
  const found = useQuery({
    queryKey: ["search", q],
    queryFn: async () => {
      const [warnings, sites, enterprises, points] = await Promise.all([
        got(api.GET("/api/v1/warnings", { params: { query: { q, state: "all", limit: 4 } } })),
        got(api.GET("/api/v1/sites", { params: { query: { q, limit: 5 } } })),
        // One without a site, or closed, is found here alone.
        got(api.GET("/api/v1/organisations", { params: { query: { q, kind: "enterprise", closed: true, limit: 4 } } })),
        got(api.GET("/api/v1/points", { params: { query: { q, limit: 5 } } })),
      ]);
      return { warnings: warnings.items, sites: sites.items, enterprises: enterprises.items, points: points.items };
    },
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  if (q === "" || !found.data) return { hits: [], settled: false };
  const hits = inOrder(
    found.data.warnings.map((w) => ({
      key: `w${w.id}`,
      to: `/warnings/${w.id}`,
      words: w.title,
      where: `${w.site.name} ${w.number}`,
      mark: <LevelMark level={w.level} state={tagState(w)} size={20} />,
      over: w.state === "closed",
    })),
    found.data.sites.map((site) => ({
      key: `s${site.id}`,
      to: `/sites/${site.id}`,
      words: site.name,
      where: [site.organisation, site.territory].filter(Boolean).join(" "),
      mark: site.standing === "faulty" || site.standing === "unwatched" ? <NoDataMark size={20} label="" /> : <LevelMark level={site.level} size={20} />,
    })),
    found.data.enterprises.map((body) => ({
      key: `e${body.id}`,
      to: `/enterprises/${body.id}`,
      words: body.name,
      where: [body.is_active ? "" : t("enterprise.closed"), t("enterprise.title"), body.territory].filter(Boolean).join(" "),
      mark: <Building2 size={18} strokeWidth={1.6} aria-hidden />,
      exact: body.name === q || body.code === q,
    })),
    found.data.points.map((p) => ({
      key: `p${p.id}`,
      to: `/points/${p.id}`,
      words: p.name,
      where: `${p.site.name} ${p.address}`,
      mark: <LevelMark level={p.latest?.level ?? 0} size={16} />,
    })),
  );
  return { hits, settled: !found.isPlaceholderData };
}

/** One box finds warnings, sites by their own or their enterprise's name, enterprises, and points; arrows choose, Enter opens, Esc leaves. A phone opens it over the top bar. */
export function Search(): ReactNode {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [shown, setShown] = useState(false);
  const [full, setFull] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  // Enter pressed before the answer came: it opens the first hit when it comes.
  const [wanted, setWanted] = useState(false);
  const asked = useDeferredValue(text.trim());
  const found = useHits(asked);
  const { hits } = found;
  const settled = found.settled && asked === text.trim();
  const go = (hit: Hit | undefined): void => {
    if (!hit) return;
    setText("");
    setWanted(false);
    setShown(false);
    setFull(false);
    (document.activeElement as HTMLElement | null)?.blur();
    void navigate(hit.to);
  };
  useEffect(() => {
    if (!wanted || !settled) return;
    setWanted(false);
    go(hits[0]);
  });
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Escape") {
      setText("");
      setFull(false);
      event.currentTarget.blur();
    } else if (event.key === "Enter") {
      if (settled) go(hits[at]);
      else setWanted(text.trim() !== "");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((now) => Math.min(hits.length - 1, Math.max(0, now + (event.key === "ArrowDown" ? 1 : -1))));
    }
  };
  const open = shown && text.trim() !== "";
  return (
    <div className={`search${full ? " search-full" : ""}`} role="search">
      <button
        type="button"
        className="search-toggle"
        aria-label={full ? t("search.leave") : t("search.open")}
        aria-expanded={full}
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => {
          // At once, within the press: a phone shows its keyboard only then.
          flushSync(() => setFull(!full));
          if (full) setText("");
          else input.current?.focus();
        }}
      >
        {full ? <ArrowLeft size={20} strokeWidth={1.6} aria-hidden /> : <Glass size={20} strokeWidth={1.6} aria-hidden />}
      </button>
      <Glass className="search-glass" size={16} strokeWidth={1.6} aria-hidden />
      <input
        ref={input}
        id="search"
        value={text}
        placeholder={t("search.placeholder")}
        aria-label={t("search.placeholder")}
        role="combobox"
        aria-expanded={open}
        aria-controls="search-hits"
        aria-activedescendant={open && hits[at] ? `hit-${hits[at].key}` : undefined}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          setWanted(false);
          setAt(0);
          setShown(true);
        }}
        onFocus={() => setShown(true)}
        enterKeyHint="search"
        onBlur={() => setShown(false)}
        onKeyDown={press}
      />
      <kbd aria-hidden>/</kbd>
      {open && (
        <ul className="search-hits" id="search-hits" role="listbox" aria-label={t("search.hits")}>
          {hits.length === 0 && !settled && (
            <li className="note" role="option" aria-selected={false}>
              {t("search.busy")}
            </li>
          )}
          {hits.length === 0 && settled && (
            <li className="note" role="option" aria-selected={false}>
              {t("search.none", { q: text.trim() })}
            </li>
          )}
          {hits.map((hit, i) => (
            <li
              key={hit.key}
              id={`hit-${hit.key}`}
              role="option"
              aria-selected={i === at}
              onPointerEnter={() => setAt(i)}
              onPointerDown={(event) => {
                event.preventDefault();
                go(hit);
              }}
            >
              {hit.mark}
              <span>{hit.words}</span>
              <i>{hit.where}</i>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
