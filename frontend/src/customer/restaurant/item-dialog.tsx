/** A dish: its options, a wish for the kitchen, and how many. */
import { useSignal } from "@preact/signals";
import { isSoldOut, type MenuItem } from "../../app/menu";
import { money, t } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { Picture } from "../../ui/picture";
import { now } from "../../ui/time";
import { type BasketLine, lineOf } from "../basket";
import { Stepper } from "../stepper";

type Group = MenuItem["option_groups"][number];

interface ItemDialogProps {
  item: MenuItem;
  currency: string;
  onAdd: (line: BasketLine) => void;
  onClose: () => void;
}

export function ItemDialog({ item, currency, onAdd, onClose }: ItemDialogProps) {
  const chosen = useSignal<string[]>(firstChoices(item));
  const quantity = useSignal(1);
  const note = useSignal("");
  const line = lineOf(item, chosen.value, quantity.value, note.value.trim());
  const complete = item.option_groups.every((group) => isComplete(group, chosen.value));
  const soldOut = isSoldOut(item, now.value);
  return (
    <Dialog title={item.name} onClose={onClose}>
      {item.images.length > 0 && (
        <div class="item-pictures" tabIndex={item.images.length > 1 ? 0 : undefined}>
          {item.images.map((picture) => (
            <Picture
              key={picture.image_id}
              picture={picture}
              alt={item.name}
              sizes="(min-width: 640px) 560px, 100vw"
              large
            />
          ))}
        </div>
      )}
      {item.description && <p>{item.description}</p>}
      {item.option_groups.map((group) => (
        <Options
          key={group.id}
          group={group}
          currency={currency}
          chosen={chosen.value}
          onChange={(ids) => (chosen.value = ids)}
        />
      ))}
      <label class="field">
        {t("item.note")}
        <input value={note.value} maxLength={300} onInput={(event) => (note.value = event.currentTarget.value)} />
      </label>
      <div class="row">
        <Stepper quantity={quantity.value} least={1} onChange={(wanted) => (quantity.value = wanted)} />
        <button class="primary grow" disabled={!complete || soldOut} onClick={() => onAdd(line)}>
          {soldOut ? t("item.soldOut") : t("item.addFor", { amount: money(line.unit_minor * line.quantity, currency) })}
        </button>
      </div>
    </Dialog>
  );
}

/** Where exactly one has to be chosen, the first is. */
function firstChoices(item: MenuItem): string[] {
  return item.option_groups.flatMap((group) => {
    const [first] = group.options;
    return group.min_choices === 1 && group.max_choices === 1 && first ? [first.id] : [];
  });
}

function isComplete(group: Group, chosen: readonly string[]): boolean {
  const count = group.options.filter((option) => chosen.includes(option.id)).length;
  return count >= group.min_choices && count <= group.max_choices;
}

interface OptionsProps {
  group: Group;
  currency: string;
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

function Options({ group, currency, chosen, onChange }: OptionsProps) {
  const single = group.max_choices === 1 && group.min_choices === 1;
  const mine = new Set(group.options.map((option) => option.id));
  const full = chosen.filter((id) => mine.has(id)).length >= group.max_choices;
  const choose = (id: string, wanted: boolean) => {
    const others = single ? chosen.filter((one) => !mine.has(one)) : chosen.filter((one) => one !== id);
    onChange(wanted ? [...others, id] : others);
  };
  return (
    <fieldset class="stack tight">
      <legend>
        {group.name} <span class="quiet small">{hint(group)}</span>
      </legend>
      {group.options.map((option) => (
        <label key={option.id} class="choice">
          <input
            type={single ? "radio" : "checkbox"}
            name={group.id}
            checked={chosen.includes(option.id)}
            disabled={!single && full && !chosen.includes(option.id)}
            onChange={(event) => choose(option.id, event.currentTarget.checked)}
          />
          <span class="grow">{option.name}</span>
          {option.price_minor > 0 && <span class="number quiet">+{money(option.price_minor, currency)}</span>}
        </label>
      ))}
    </fieldset>
  );
}

function hint(group: Group): string {
  if (group.min_choices > 0) return t("item.choose", { count: group.min_choices });
  return group.max_choices < group.options.length ? t("item.upTo", { count: group.max_choices }) : t("item.optional");
}
