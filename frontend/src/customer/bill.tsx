import type { Schemas } from "../app/api";
import { money, t } from "../i18n";

type Bill = Schemas["BillView"];

/** Subtotal, delivery, tip and the total. */
export function BillSums({ bill }: { bill: Bill }) {
  const rows: [string, number][] = [
    [t("basket.subtotal"), bill.subtotal_minor],
    [t("checkout.delivery"), bill.delivery_fee_minor],
  ];
  if (bill.tip_minor > 0) rows.push([t("checkout.tipLine"), bill.tip_minor]);
  return (
    <dl class="sums">
      {rows.map(([name, minor]) => (
        <div key={name} class="row">
          <dt class="grow">{name}</dt>
          <dd class="number">{money(minor, bill.currency)}</dd>
        </div>
      ))}
      <div class="row total">
        <dt class="grow">
          {t("checkout.total")}{" "}
          <span class="quiet small">
            {t("checkout.tax", { amount: money(bill.included_tax_minor, bill.currency) })}
          </span>
        </dt>
        <dd class="number">{money(bill.total_minor, bill.currency)}</dd>
      </div>
    </dl>
  );
}

/** What was ordered. */
export function BillLines({ bill }: { bill: Bill }) {
  return (
    <ul class="lines">
      {bill.lines.map((line, at) => (
        <li key={at} class="line">
          <span class="number">{line.quantity} ×</span>
          <div class="grow">
            <span>{line.name}</span>
            {line.options.length > 0 && (
              <span class="quiet small block">{line.options.map((option) => option.name).join(", ")}</span>
            )}
            {line.note && <span class="quiet small block">“{line.note}”</span>}
          </div>
          <span class="number">{money(line.total_minor, bill.currency)}</span>
        </li>
      ))}
    </ul>
  );
}
