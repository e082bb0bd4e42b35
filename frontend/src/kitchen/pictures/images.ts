/** The uploads of a menu's items: what the server knows of them, and what is on its way from here. */
import { signal } from "@preact/signals";
import { api, ask } from "../../app/api";
import type { ImageView } from "../../images/image";

/** A file on its way from this browser. */
export interface Sending {
  key: string;
  itemId: string;
  name: string;
  sent: number;
  bytes: number;
  /** why it does not go on; null while it does */
  problem: string | null;
  again: (() => void) | null;
  cancel: () => void;
}

export const sending = signal<readonly Sending[]>([]);

export async function listImages(itemId: string): Promise<ImageView[]> {
  const params = { path: { item_id: itemId } };
  return (await ask(api.GET("/v1/menu-items/{item_id}/images", { params }))).images;
}

export async function removeImage(itemId: string, imageId: string): Promise<void> {
  const params = { path: { item_id: itemId, image_id: imageId } };
  await ask(api.DELETE("/v1/menu-items/{item_id}/images/{image_id}", { params }));
}

export async function retryImage(imageId: string): Promise<void> {
  await ask(api.POST("/v1/images/{image_id}/retry", { params: { path: { image_id: imageId } } }));
}

export async function orderImages(itemId: string, ids: string[]): Promise<void> {
  const params = { path: { item_id: itemId } };
  await ask(api.PUT("/v1/menu-items/{item_id}/images", { params, body: { image_ids: ids } }));
}
