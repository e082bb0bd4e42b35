/** English, the kitchen's words. */
export const kitchen = {
  "kitchen.title": "Kitchen",
} as const;
