import { t } from "../i18n";
import { Icon } from "../ui/icons";

const MOST = 99;

interface StepperProps {
  quantity: number;
  least: number;
  onChange: (quantity: number) => void;
  /** of what, where several stand on a page */
  name?: string;
}

/** How many: one more, one less. */
export function Stepper({ quantity, least, onChange, name }: StepperProps) {
  const of = name ? `, ${name}` : "";
  return (
    <div class="stepper" role="group" aria-label={t("item.quantity") + of}>
      <button
        class="plain"
        aria-label={t("item.less") + of}
        disabled={quantity <= least}
        onClick={() => onChange(quantity - 1)}
      >
        <Icon name="minus" />
      </button>
      <output class="number">{quantity}</output>
      <button
        class="plain"
        aria-label={t("item.more") + of}
        disabled={quantity >= MOST}
        onClick={() => onChange(quantity + 1)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}
