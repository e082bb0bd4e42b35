/** The pictures of one item: those on the menu, those on their way, and a place to drop another. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { MenuItem } from "../../app/menu";
import { t } from "../../i18n";
import { useAction, useResource } from "../../ui/hooks";
import { Icon, type IconName } from "../../ui/icons";
import { Picture, type PictureView } from "../../ui/picture";
import { ACCEPT, advice, failure, type ImageView, MOST_IMAGES, moved, step } from "../../images/image";
import { imageOf } from "../../images/resource";
import { listImages, orderImages, removeImage, retryImage, type Sending, sending } from "./images";
import { send } from "./upload";

export function ItemPictures({ item }: { item: MenuItem }) {
  const known = useSignal<ImageView[]>([]);
  const box = useRef<HTMLElement>(null);
  const over = useSignal(false);
  const load = async () => {
    known.value = await listImages(item.id);
  };
  const ids = item.images.map((picture) => picture.image_id).join();
  // what the menu shows now was on its way when it was last asked about: what is said of it has changed
  useEffect(() => {
    if (known.peek().some((image) => image.state !== "complete" && ids.includes(image.id)))
      void load().catch(() => undefined);
  }, [ids]);
  useEffect(() => whenSeen(box.current, () => void load().catch(() => undefined)), [item.id]);
  const choose = (files: FileList | null, replaces: string | null = null) => {
    for (const file of files ?? []) void send(item.id, file, replaces, () => void load().catch(() => undefined));
  };
  const shown = new Set(item.images.map((picture) => picture.image_id));
  const own = sending.value.filter((one) => one.itemId === item.id);
  // one that this tab is sending right now shows as that
  const others = known.value.filter(
    (image) => !shown.has(image.id) && image.state !== "complete" && !(image.state === "uploading" && own.length > 0),
  );
  const drop = (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    choose(event.dataTransfer?.files ?? null);
  };
  return (
    <section
      ref={box}
      class="item-pictures"
      aria-label={item.name}
      data-over={over.value}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={drop}
    >
      <h3>{item.name}</h3>
      <ul class="tiles">
        {item.images.map((picture, index) => (
          <li key={picture.image_id}>
            <Shown item={item} picture={picture} index={index} onReplace={(files) => choose(files, picture.image_id)} />
          </li>
        ))}
        {own.map((one) => (
          <li key={one.key}>
            <OnItsWay one={one} />
          </li>
        ))}
        {others.map((image) => (
          <li key={image.id}>
            <Working image={image} itemId={item.id} onGone={() => void load()} />
          </li>
        ))}
        {item.images.length + own.length < MOST_IMAGES && (
          <li>
            <Add name={item.name} onChoose={choose} />
          </li>
        )}
      </ul>
      {known.value
        .filter((image) => shown.has(image.id))
        .flatMap((image) => image.verdicts.map((verdict) => ({ image, verdict })))
        .map(({ image, verdict }) => (
          <p key={image.id + verdict.code} class="note warn small" role="status">
            {advice(verdict)}
          </p>
        ))}
    </section>
  );
}

interface ShownProps {
  item: MenuItem;
  picture: PictureView;
  index: number;
  onReplace: (files: FileList | null) => void;
}

function Shown({ item, picture, index, onReplace }: ShownProps) {
  const ids = item.images.map((one) => one.image_id);
  const name = t("image.ofItem", { name: item.name, number: index + 1 });
  const move = useAction((by: -1 | 1) => orderImages(item.id, moved(ids, picture.image_id, by)));
  const remove = useAction(() => removeImage(item.id, picture.image_id));
  return (
    <figure class="tile" aria-label={name}>
      <Picture picture={picture} alt={name} sizes="160px" />
      <figcaption class="tile-buttons">
        <IconButton
          icon="chevron"
          back
          label={t("image.earlier", { name })}
          disabled={index === 0}
          onClick={() => void move.run(-1)}
        />
        <FileButton icon="camera" label={t("image.replace", { name })} onChoose={onReplace} />
        <IconButton icon="trash" label={t("image.remove", { name })} onClick={() => void remove.run()} />
        <IconButton
          icon="chevron"
          label={t("image.later", { name })}
          disabled={index === ids.length - 1}
          onClick={() => void move.run(1)}
        />
      </figcaption>
    </figure>
  );
}

function OnItsWay({ one }: { one: Sending }) {
  return (
    <div class="tile working" data-state={one.problem ? "failed" : "uploading"} role="group" aria-label={one.name}>
      <strong class="tile-name">{one.name}</strong>
      {one.problem ? (
        <p class="small" role="alert">
          {one.problem}
        </p>
      ) : (
        <>
          <progress max={one.bytes} value={one.sent} aria-label={t("image.uploading")} />
          <span class="small">{t("image.sent", { sent: megabytes(one.sent), all: megabytes(one.bytes) })}</span>
        </>
      )}
      <div class="row">
        {one.again && (
          <button class="grow" onClick={one.again}>
            {t("action.retry")}
          </button>
        )}
        <button class="plain" onClick={one.cancel}>
          {one.problem ? t("image.dismiss") : t("action.cancel")}
        </button>
      </div>
    </div>
  );
}

interface WorkingProps {
  image: ImageView;
  itemId: string;
  onGone: () => void;
}

/** One that the server has, or has a part of, and that is not on the menu. */
function Working({ image, itemId, onGone }: WorkingProps) {
  const resource = useResource(imageOf(image.id));
  const view = resource.value.value ?? image;
  const complete = view.state === "complete";
  useEffect(() => {
    if (complete) onGone();
  }, [complete]);
  const retry = useAction(() => retryImage(image.id));
  const dismiss = useAction(async () => {
    await removeImage(itemId, image.id);
    onGone();
  });
  const failed = view.state === "failed";
  return (
    <div class="tile working" data-state={view.state} role="group" aria-label={view.file_name}>
      <strong class="tile-name">{view.file_name}</strong>
      {failed ? (
        <p class="small" role="alert">
          {failure(view.code ?? "", view.message ?? "")}
        </p>
      ) : (
        <>
          <progress max={100} value={view.progress} aria-label={step(view)} />
          <span class="small" role="status">
            {view.state === "uploading" ? t("image.goOn") : step(view)}
          </span>
        </>
      )}
      <div class="row">
        {failed && view.can_retry && (
          <button class="grow" onClick={() => void retry.run()}>
            {t("action.retry")}
          </button>
        )}
        <button class="plain" onClick={() => void dismiss.run()}>
          {failed ? t("image.dismiss") : t("action.cancel")}
        </button>
      </div>
    </div>
  );
}

function Add({ name, onChoose }: { name: string; onChoose: (files: FileList | null) => void }) {
  return (
    <div class="tile add">
      <span class="small quiet">{t("image.drop")}</span>
      <FileButton
        icon="plus"
        text={t("image.choose")}
        label={t("image.chooseFor", { name })}
        several
        onChoose={onChoose}
      />
      <FileButton
        icon="camera"
        text={t("image.take")}
        label={t("image.takeFor", { name })}
        capture
        onChoose={onChoose}
      />
    </div>
  );
}

interface FileButtonProps {
  icon: IconName;
  text?: string;
  label: string;
  several?: boolean;
  capture?: boolean;
  onChoose: (files: FileList | null) => void;
}

/** A button that asks for files; the same one may be chosen twice. */
function FileButton({ icon, text, label, several = false, capture = false, onChoose }: FileButtonProps) {
  const id = useId();
  return (
    <label class="button file-button" for={id} title={label}>
      <Icon name={icon} size={20} />
      {text}
      <input
        id={id}
        type="file"
        class="visually-hidden"
        accept={ACCEPT}
        aria-label={label}
        multiple={several}
        {...(capture ? { capture: "environment" } : {})}
        onChange={(event) => {
          onChoose(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  back?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function IconButton({ icon, label, back = false, disabled = false, onClick }: IconButtonProps) {
  return (
    <button class="icon-button" data-back={back} aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon name={icon} size={20} />
    </button>
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

/** Calls once, when the element comes into view; long menus do not ask for everything at once. */
function whenSeen(element: Element | null, then: () => void): (() => void) | undefined {
  if (!element) return undefined;
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    then();
  });
  observer.observe(element);
  return () => observer.disconnect();
}
