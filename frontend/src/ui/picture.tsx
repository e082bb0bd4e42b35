/** A picture: its blurred colours at once, then itself. Another one takes its place when it has loaded, not before. */
import { useSignal } from "@preact/signals";
import { decode } from "blurhash";
import { useEffect, useRef } from "preact/hooks";
import type { Schemas } from "../app/api";

export type PictureView = Schemas["PictureView"];

interface PictureProps {
  picture: PictureView;
  alt: string;
  /** how wide it is shown, as in `<img sizes>` */
  sizes: string;
  /** shown in its largest size: the AVIF, of which there is only that size, is worth it */
  large?: boolean;
}

export function Picture({ picture, alt, sizes, large = false }: PictureProps) {
  const shown = useSignal(picture);
  const loaded = useSignal(false);
  const key = picture.sources[0]?.url ?? "";
  useEffect(() => {
    if (shown.peek() === picture || shown.peek().sources[0]?.url === key) return;
    let gone = false;
    const next = new Image();
    next.sizes = sizes;
    next.srcset = srcset(picture, "image/webp");
    const swap = () => {
      if (!gone) shown.value = picture;
    };
    next.decode().then(swap, swap);
    return () => {
      gone = true;
    };
  }, [key]);
  const { value } = shown;
  return (
    <span class="picture" data-loaded={loaded.value}>
      <Blur hash={value.blurhash} />
      <picture>
        {large && <source type="image/avif" srcset={srcset(value, "image/avif")} sizes={sizes} />}
        <source type="image/webp" srcset={srcset(value, "image/webp")} sizes={sizes} />
        <img
          src={value.sources.find((source) => source.media_type === "image/jpeg")?.url}
          srcset={srcset(value, "image/jpeg")}
          sizes={sizes}
          width={value.width}
          height={value.height}
          alt={alt}
          loading="lazy"
          decoding="async"
          onLoad={() => (loaded.value = true)}
        />
      </picture>
    </span>
  );
}

/** The sources of one kind, as `<img srcset>` wants them. */
export function srcset(picture: PictureView, mediaType: string): string {
  return picture.sources
    .filter((source) => source.media_type === mediaType)
    .map((source) => `${source.url} ${source.width}w`)
    .join(", ");
}

const BLUR = 24;

function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const pixels = context.createImageData(BLUR, BLUR);
    pixels.data.set(decode(hash, BLUR, BLUR));
    context.putImageData(pixels, 0, 0);
  }, [hash]);
  return <canvas ref={canvas} width={BLUR} height={BLUR} aria-hidden="true" />;
}
