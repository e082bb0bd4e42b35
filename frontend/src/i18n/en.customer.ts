/** English, the customer's words. */
export const customer = {
  "home.title": "Restaurants",
} as const;
