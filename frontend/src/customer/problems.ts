/** Why an order was refused, in words for the customer. */
import { Problem } from "../app/api";
import { money, t, tOr } from "../i18n";
import { sentence } from "../ui/hooks";

interface UnavailableItem {
  menu_item_id: string;
  name: string;
}

/** The items of a basket that cannot be ordered any more. */
export function unavailableItems(error: unknown): UnavailableItem[] {
  if (!(error instanceof Problem) || error.code !== "items_unavailable") return [];
  return (error.body["items"] as UnavailableItem[] | undefined) ?? [];
}

export function orderProblem(error: unknown, currency: string): string {
  if (!(error instanceof Problem)) return sentence(error);
  const { body } = error;
  switch (error.code) {
    case "unreachable":
      return t("problem.unreachable");
    case "items_unavailable":
      return t("problem.items_unavailable", {
        names: unavailableItems(error)
          .map((item) => item.name)
          .join(", "),
      });
    case "below_minimum":
      return t("problem.below_minimum", { minimum: money(body["minimum_minor"] as number, currency) });
    case "price_changed":
      return t("problem.price_changed", {
        total: money((body["bill"] as { total_minor: number }).total_minor, currency),
      });
    default:
      return tOr(`problem.${error.code}`, sentence(error));
  }
}
