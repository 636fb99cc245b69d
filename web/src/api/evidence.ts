import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";

/** One photograph to the county, whole; sent again after a broken line it is still one piece. */
export function useEvidence(warning: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, origin }: { file: File; origin: "camera" | "gallery" }) => {
      const form = new FormData();
      form.set("file", file);
      form.set("origin", origin);
      return got(
        api.POST("/api/v1/warnings/{id}/evidence", {
          params: { path: { id: warning } },
          body: { file: file as unknown as string, origin, note: "" },
          bodySerializer: () => form,
        }),
      );
    },
    onSuccess: () => {
      for (const old of ["warnings", "ledger"]) void client.invalidateQueries({ queryKey: [old] });
    },
  });
}
